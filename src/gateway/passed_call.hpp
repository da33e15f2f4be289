#pragma once
// A stream that Twilio opens here although another server answered the webhook: a load balancer chose anew, or the
// other server is gone.

#include "gateway/call_directory.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/shared_speech.hpp"
#include "gateway/stream_pass.hpp"
#include "twilio/stream_message.hpp"

#include <optional>

namespace gateway {

// What the other server knew, by the pass that it gave out. nullopt: its token is none, or has expired.
std::optional<CallFacts> facts_by_pass(LoopServices& loop, const twilio::Started& started);

// What the call is to hear. `known`: by what the servers share. nullopt: there is no pass, or it names a plan that only
// the other server knows.
std::optional<Ticket> ticket_by_pass(LoopServices& loop, const twilio::Started& started,
                                     const SharedSpeech::Known& known);

}  // namespace gateway
