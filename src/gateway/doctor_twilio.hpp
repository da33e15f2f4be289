#pragma once
// The doctor at Twilio's side: account, token and signature set-up, and what Twilio will find at the public URL.

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"

#include <optional>
#include <string>

namespace gateway {

// What can be seen without asking anybody.
Findings examine_twilio_settings(const Options& options);

// Goes the way Twilio goes: health page, a signed webhook, a signed WebSocket. `running_here`: the instance that serves
// on this machine, to tell whether the public URL leads to it.
Findings examine_public_url(Fetcher& fetcher, const Options& options, const std::optional<std::string>& running_here);

}  // namespace gateway
