#pragma once
// A stream that Twilio opens here although another server answered the webhook: a load balancer chose anew, or the
// other server is gone.

#include "gateway/call_directory.hpp"
#include "gateway/loop_services.hpp"
#include "twilio/stream_message.hpp"

#include <optional>
#include <string_view>

namespace gateway {

// What the call is to hear, by the pass that the other server gave out. nullopt: it is none, has expired, or names a
// plan that only the other server knows.
std::optional<Ticket> ticket_by_pass(LoopServices& loop, const twilio::Started& started, std::string_view pass);

}  // namespace gateway
