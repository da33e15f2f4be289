#pragma once
// What calls that we place are to hear, from the request that places them until Twilio asks for their TwiML: kept under
// a name that travels in the webhook's query, because the webhook may come before we know the CallSid. For all loops; a
// mutex guards it.

#include "call/stream_session.hpp"

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gateway {

class PlannedCalls {
public:
    using Instant = std::chrono::steady_clock::time_point;
    struct Options {
        std::size_t plans_max = 5'000;  // the oldest is forgotten first
        std::chrono::seconds life{5 *
                                  3600};  // a call that lost its stream is asked for again: the longest call, and more
    };
    explicit PlannedCalls(Options options) : options_(options) {}

    std::string keep(call::CallPlan plan, Instant now);  // its name
    std::optional<call::CallPlan> find(std::string_view name, Instant now);
    std::size_t size() const;

private:
    void forget_oldest(Instant now);

    Options options_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, call::CallPlan> plans_;
    std::deque<std::pair<Instant, std::string>> order_;
};

}  // namespace gateway
