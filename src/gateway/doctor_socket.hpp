#pragma once
// Whether ElevenLabs' WebSocket can be spoken on. It says nothing of key or voice when it opens; a complaint comes a
// moment later, and its absence is the answer.

#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"
#include "net/event_loop.hpp"

namespace gateway {

// Nothing is spoken, so nothing is spent.
Findings examine_socket(net::EventLoop& loop, const Options& options);

}  // namespace gateway
