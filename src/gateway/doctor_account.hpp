#pragma once
// The doctor at ElevenLabs: is it reachable, and will key, plan, voice and model do?

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"

namespace gateway {

// `spend`: also has one word spoken, which costs credits and is the only proof.
Findings examine_account(Fetcher& fetcher, const Options& options, bool spend);

}  // namespace gateway
