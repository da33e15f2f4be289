#include "simulator/standin_command.hpp"

#include <cstddef>
#include <span>

int main(int argc, char** argv) {
    return simulator::run_standin_command(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
}
