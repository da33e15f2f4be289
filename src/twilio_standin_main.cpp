#include "simulator/twilio_command.hpp"

#include <cstddef>
#include <span>

int main(int argc, char** argv) {
    return simulator::run_twilio_command(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
}
