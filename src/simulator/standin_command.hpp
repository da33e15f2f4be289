#pragma once
// The program elevenlabs-standin.

#include <span>

namespace simulator {

// `args` is what follows the program's name. Serves until SIGINT or SIGTERM; returns the exit status.
int run_standin_command(std::span<const char* const> args);

}  // namespace simulator
