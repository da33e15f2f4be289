#pragma once
// What callers and our numbers use of their limits, on all instances together, in Redis.
//
//   mouthpiece:caller:<HMAC of the number>   until when its calls so far take up its rate, in µs: a token bucket
//   mouthpiece:places:<HMAC of the number>   sorted set: CallSid, by the end of its lease in ms
//
// The numbers cannot be read there, nor guessed without Twilio's auth token.

#include "net/redis_reply.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class LimitLedger {
public:
    enum class Verdict {
        admitted,  // and counted
        caller,    // has called too often
        number,    // has as many calls as it may
        unknown,   // Redis did not say
    };
    struct Question {
        std::string_view caller;  // its number; empty: it has no limit
        double calls_per_minute = 0;
        std::string_view number;    // ours
        std::size_t calls_max = 0;  // 0: no limit
        std::string_view call_sid;
    };
    using Words = std::vector<std::string>;

    LimitLedger(Secret key, std::chrono::milliseconds lease) : key_(std::move(key)), lease_(lease) {}

    // May this call come in? Then it has its place.
    Words admit(const Question& question) const;
    static Verdict verdict_of(const net::RedisResult& answer);

    // These calls of our number go on.
    Words renew(std::string_view number, std::span<const std::string> call_sids) const;
    Words give_back(std::string_view number, const std::string& call_sid) const;

private:
    std::string name_of(std::string_view kind, std::string_view number) const;

    const Secret key_;
    const std::chrono::milliseconds lease_;
};

}  // namespace gateway
