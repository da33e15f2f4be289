#include "gateway/shared_register.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace gateway {

namespace {

// KEYS: instances, calls. ARGV: instance, lease, about, channel. What is said on the channel shows whoever listens
// there that the line is alive.
constexpr std::string_view renew_script = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], 'server', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[4], 'beat')
return {now, redis.call('HLEN', KEYS[2])}
)";

// KEYS: calls. ARGV: lease, "anew" or "more", about, the number of ended calls, these, then CallSid and time of open
// ones.
constexpr std::string_view write_script = R"(
if ARGV[2] == 'anew' then redis.call('DEL', KEYS[1]) end
local ended = tonumber(ARGV[4])
if ended > 0 then redis.call('HDEL', KEYS[1], unpack(ARGV, 5, 4 + ended)) end
redis.call('HSET', KEYS[1], 'server', ARGV[3], unpack(ARGV, 5 + ended))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('HLEN', KEYS[1])
)";

constexpr std::string_view leave_script = "redis.call('ZREM', KEYS[1], ARGV[1]) return redis.call('DEL', KEYS[2])";

std::string unix_milliseconds(Instant when, Instant now) {
    const auto wall = std::chrono::system_clock::now() + (when - now);
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count());
}

}  // namespace

SharedRegister::SharedRegister(net::EventLoop& loop, SharedStore& store, CallRegister& calls, std::string instance,
                               std::function<std::string()> about, const Options& options)
    : loop_(loop),
      store_(store),
      calls_(calls),
      instance_(std::move(instance)),
      calls_key_(fmt::format("{}{}", calls_key_prefix, instance_)),
      about_(std::move(about)),
      options_(options),
      renewal_(loop.timers(), [this] { renew(); }) {
    calls_.follow([this, &loop, lives = std::weak_ptr(here_)] {
        loop.post([this, lives] {
            if (!lives.expired()) wake();
        });
    });
    store_.when_ready([this] { renew(); });
}

SharedRegister::~SharedRegister() {
    calls_.follow({});
    store_.when_ready({});
}

void SharedRegister::wake() {
    if (told_) return next();
    calls_.take_changes();  // all that are open will be written when Redis is back
    anew_ = true;
}

void SharedRegister::renew() {
    if (left_) return;
    renewal_.arm(loop_.now() + options_.renewal);
    renewal_due_ = true;
    next();
}

void SharedRegister::next() {
    if (command_ || left_) return;
    if (std::exchange(renewal_due_, false)) {
        return ask(
            {"EVAL", std::string(renew_script), "2", std::string(instances_key), calls_key_, instance_,
             fmt::format("{}", options_.lease.count()), about_(), fmt::format("{}{}", channel_prefix, instance_)},
            [this, asked = loop_.now()](const net::RedisResult& result) { renewed(result, asked); });
    }
    if (told_) write();
}

void SharedRegister::renewed(const net::RedisResult& result, net::Instant asked) {
    told_ = result && result->list.size() == 2;
    if (!told_) {
        anew_ = true;
        return;
    }
    const auto then = asked + (loop_.now() - asked) / 2;
    redis_ahead_ = Millis(result->list[0].number) - std::chrono::duration_cast<Millis>(then.time_since_epoch());
    if (result->list[1].number != static_cast<std::int64_t>(written_.size() + 1)) anew_ = true;
}

std::optional<SharedRegister::Millis> SharedRegister::redis_now() const {
    if (!redis_ahead_) return std::nullopt;
    return std::chrono::duration_cast<Millis>(loop_.now().time_since_epoch()) + *redis_ahead_;
}

RegisterJournal::Changes SharedRegister::take_some() {
    if (std::exchange(anew_, false)) {
        waiting_ = calls_.take_all();
        written_.clear();
        begin_ = true;
    } else if (waiting_.empty()) {
        auto taken = calls_.take_changes();
        if (taken.some_lost) {
            anew_ = true;
            return take_some();
        }
        waiting_ = std::move(taken.changes);
    }
    RegisterJournal::Changes some;
    while (!waiting_.empty() && some.size() < options_.calls_per_command_max)
        some.insert(waiting_.extract(waiting_.begin()));
    some.erase(std::string(server_field));  // a stream without a signature may call itself anything
    return some;
}

void SharedRegister::write() {
    auto changes = take_some();
    if (changes.empty() && !begin_) return;
    const std::string how = std::exchange(begin_, false) ? "anew" : "more";
    Words ended, open;
    for (const auto& [call_sid, since] : changes) {
        if (!since) {
            ended.push_back(call_sid);
            continue;
        }
        open.push_back(call_sid);
        open.push_back(unix_milliseconds(*since, loop_.now()));
    }
    Words words{
        "EVAL",   std::string(write_script),      "1", calls_key_, fmt::format("{}", options_.lease.count()), how,
        about_(), fmt::format("{}", ended.size())};
    words.insert(words.end(), ended.begin(), ended.end());
    words.insert(words.end(), open.begin(), open.end());
    ask(words, [this, changes = std::move(changes)](const net::RedisResult& result) { written(result, changes); });
}

void SharedRegister::written(const net::RedisResult& result, const RegisterJournal::Changes& changes) {
    for (const auto& [call_sid, since] : changes) {
        if (since) {
            written_.insert(call_sid);
        } else {
            written_.erase(call_sid);
        }
    }
    const bool as_told = result && result->number == static_cast<std::int64_t>(written_.size() + 1);
    if (as_told) return;
    told_ = false;  // until the next renewal: a Redis that refuses is not asked again at once
    anew_ = true;
}

void SharedRegister::ask(const Words& words, std::function<void(const net::RedisResult&)> answered) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    command_ = store_.ask(StoreUse::call_register, views, options_.answer_max,
                          [this, answered = std::move(answered)](const net::RedisResult& result) {
                              command_.reset();  // whoever calls us keeps us till we return
                              answered(result);
                              next();
                          });
}

void SharedRegister::leave() {
    if (std::exchange(left_, true)) return;
    renewal_.disarm();
    command_.reset();
    const auto farewell = std::make_shared<int>();
    loop_.keep(farewell);
    store_.tell(StoreUse::call_register, {"EVAL", leave_script, "2", instances_key, calls_key_, instance_},
                [&loop = loop_, key = farewell.get()](const net::RedisResult&) { loop.let_go(key); });
}

}  // namespace gateway
