#pragma once
// The doctor at the certificate we show ourselves: Twilio refuses a webhook whose certificate is out of date, for
// another name, or of an authority it does not know.

#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"

#include <chrono>

namespace gateway {

Finding examine_certificate(const Options& options, std::chrono::system_clock::time_point now);

}  // namespace gateway
