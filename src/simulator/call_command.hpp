#pragma once
// `mouthpiece call`: one or many simulated calls from the command line.

#include <span>

namespace simulator {

// `args` is what follows the word "call". Returns the exit status: 0 when every call heard speech without a gap and
// without a warning.
int run_call_command(std::span<const char* const> args);

}  // namespace simulator
