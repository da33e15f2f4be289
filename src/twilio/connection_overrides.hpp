#pragma once
// What the fragment of a URL tells Twilio about how to ask there. It is neither sent nor signed. Source:
// twilio.com/docs/usage/webhooks/webhooks-connection-overrides

#include <string_view>

namespace twilio {

// Again, up to three times, when there is no answer within four seconds, none at all, or one that a load balancer gives
// for a server that is gone. Left alone, Twilio asks twice where it cannot connect, and otherwise ends the call.
inline constexpr std::string_view ask_again = "#rc=3&rp=all&rt=4000";

}  // namespace twilio
