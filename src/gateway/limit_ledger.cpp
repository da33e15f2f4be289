#include "gateway/limit_ledger.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace gateway {

namespace {

// Both are asked before either is counted.
constexpr std::string_view admission_script = R"lua(
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local call, calls_max, lease = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now, instant = clock[1] * 1000 + math.floor(clock[2] / 1000), clock[1] * 1000000 + clock[2]
local busy_until = instant
if interval > 0 then
  busy_until = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) or 0, instant)
  if busy_until - instant > (burst - 1) * interval then return 'caller' end
end
if calls_max > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if not redis.call('ZSCORE', KEYS[2], call) and redis.call('ZCARD', KEYS[2]) >= calls_max then return 'number' end
  redis.call('ZADD', KEYS[2], now + lease, call)
  redis.call('PEXPIRE', KEYS[2], lease)
end
if interval > 0 then
  busy_until = busy_until + interval
  redis.call('SET', KEYS[1], string.format('%.0f', busy_until), 'PX', math.ceil((busy_until - instant) / 1000))
end
return 'admitted'
)lua";

constexpr std::string_view renewal_script = R"lua(
local clock, lease = redis.call('TIME'), tonumber(ARGV[1])
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + lease, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], lease)
return #ARGV - 1
)lua";

}  // namespace

std::string LimitLedger::name_of(std::string_view kind, std::string_view number) const {
    const std::string& key = key_.reveal();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(number.data()),
         number.size(), digest.data(), &size);
    return fmt::format("mouthpiece:{}:{:02x}", kind, fmt::join(digest.begin(), digest.begin() + 16, ""));
}

LimitLedger::Words LimitLedger::admit(const Question& question) const {
    const bool limits_caller = !question.caller.empty() && question.calls_per_minute > 0;
    const auto interval = limits_caller ? std::llround(60e6 / question.calls_per_minute) : 0;
    return {"EVAL",
            std::string(admission_script),
            "2",
            name_of("caller", question.caller),
            name_of("places", question.number),
            std::to_string(interval),
            fmt::format("{:.0f}", std::max(question.calls_per_minute, 1.0)),
            std::string(question.call_sid),
            std::to_string(question.calls_max),
            std::to_string(lease_.count())};
}

LimitLedger::Verdict LimitLedger::verdict_of(const net::RedisResult& answer) {
    if (!answer) return Verdict::unknown;
    if (answer->is_text("admitted")) return Verdict::admitted;
    if (answer->is_text("caller")) return Verdict::caller;
    return answer->is_text("number") ? Verdict::number : Verdict::unknown;
}

LimitLedger::Words LimitLedger::renew(std::string_view number, std::span<const std::string> call_sids) const {
    Words words{"EVAL", std::string(renewal_script), "1", name_of("places", number), std::to_string(lease_.count())};
    words.insert(words.end(), call_sids.begin(), call_sids.end());
    return words;
}

LimitLedger::Words LimitLedger::give_back(std::string_view number, const std::string& call_sid) const {
    return {"ZREM", name_of("places", number), call_sid};
}

}  // namespace gateway
