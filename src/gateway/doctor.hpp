#pragma once
// `mouthpiece doctor`: will it work? Looks at everything the first call needs and says so in plain words, one finding a
// line, each ok, a problem, or not to be told from here. Costs nothing unless it is asked to spend.

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace gateway {

struct DoctorFlags {
    bool spend = false;  // speak one word with ElevenLabs
    bool json = false;
};

// Takes the doctor's own flags out of `arguments`; what is left are serve's.
DoctorFlags take_doctor_flags(std::vector<const char*>& arguments);

Findings examine(net::EventLoop& loop, const Options& options, bool spend);

std::string render_text(const Findings& findings);
std::string render_json(const Findings& findings);

// Prints the findings; `options` is what the configuration came to, or why it could not be read. The exit status: 1
// when there is a problem, else 0.
int run_doctor(const std::expected<Options, std::string>& options, DoctorFlags flags);

}  // namespace gateway
