#pragma once
// The options of `mouthpiece call`, read from its command line.

#include "simulator/simulated_call.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace simulator {

struct CallOptions {
    CallPlan plan;  // of every call; the call's own identifiers are filled in later
    std::size_t calls = 1;
    double calls_per_second = 50;
    bool json = false;
    std::string wav_file;   // empty: none
    std::string ca_file;    // whose certificates are believed; empty: the system's
    bool insecure = false;  // any certificate is believed
};

// `args` is what follows the word "call". On failure, and for --help, the exit status; the text has been printed then.
std::expected<CallOptions, int> read_call_options(std::span<const char* const> args);

}  // namespace simulator
