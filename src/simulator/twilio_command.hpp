#pragma once
// The program twilio-standin: reads its command line and plays Twilio's REST side until it is ended.

#include <span>

namespace simulator {

int run_twilio_command(std::span<const char* const> args);  // without the program's name

}  // namespace simulator
