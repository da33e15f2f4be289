#pragma once
// Plans of calls, each under a name and for a while: what calls that we place are to hear, until Twilio asks for their
// TwiML, and what is left to be heard of calls that have lost their stream. For all loops; a mutex guards it.

#include "call/plan.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateway {

// Travels in the webhook's query, because the webhook may come before we know the CallSid. Whoever knows it could have
// the text spoken: it cannot be guessed.
std::string secret_plan_name();

class KeptPlans {
public:
    using Instant = std::chrono::steady_clock::time_point;
    struct Options {
        std::size_t plans_max = 0;  // the oldest is forgotten first
        std::chrono::seconds life{0};
    };
    explicit KeptPlans(Options options) : options_(options) {}

    void keep(const std::string& name, call::CallPlan plan, Instant now);
    std::optional<call::CallPlan> find(std::string_view name, Instant now);
    std::optional<call::CallPlan> take(std::string_view name, Instant now);
    std::size_t size() const;
    std::chrono::seconds life() const { return options_.life; }

private:
    struct Kept {
        call::CallPlan plan;
        std::uint64_t number;  // the latest under its name
    };
    struct Place {
        Instant expires;
        std::string name;
        std::uint64_t number;
    };
    void forget_oldest(Instant now);

    const Options options_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Kept> plans_;
    std::deque<Place> order_;
    std::uint64_t kept_ = 0;
};

}  // namespace gateway
