#pragma once
// The token of a stream, such that another server of ours can take the stream as well: sealed into it is what the
// webhook knew of the call. Servers that share TWILIO_AUTH_TOKEN open each other's.
//
// The CallSid is authenticated with it, so a pass serves its own call only. Nothing of the caller can be read out of
// it. A server takes a pass once (CallDirectory); between servers its short life and the signature of the stream's
// upgrade keep it from being used twice.

#include "encoding/form.hpp"
#include "gateway/seal.hpp"
#include "redacted.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

// What a webhook tells of a call.
struct CallFacts {
    std::string account_sid, direction;
    Secret from, to;
    encoding::FormFields query;  // the operator's own part of the webhook's (own_query)
};

class StreamPasses {
public:
    using Clock = std::chrono::system_clock;  // servers agree on it
    using Time = Clock::time_point;
    enum class Fault { not_a_pass, expired };

    // With an empty secret there are no passes. `life`: clocks of several servers may differ by some of it.
    explicit StreamPasses(const Secret& secret, std::chrono::seconds life = std::chrono::seconds{120});

    // nullopt: there are no passes, or this call's facts do not fit into what Twilio carries (500 characters a
    // parameter).
    std::optional<Secret> issue(std::string_view call_sid, const CallFacts& facts, Time now);
    std::expected<CallFacts, Fault> open(std::string_view call_sid, std::string_view pass, Time now);

private:
    const std::chrono::seconds life_;
    Seal seal_;
};

}  // namespace gateway
