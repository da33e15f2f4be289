#pragma once
// The plans of calls that other servers may have to go on with, in Redis and sealed: what is left to be heard of a call
// that runs, should its server die, and what a call that we place is to hear, because the server that is asked for its
// TwiML may be another one.
//
//   mouthpiece:rest:<CallSid>     from the first sentence heard until Twilio has asked what comes after the stream
//   mouthpiece:planned:<name>     as long as a call may last

#include "call/plan.hpp"
#include "gateway/seal.hpp"
#include "gateway/shared_store.hpp"
#include "net/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

class SharedSpeech {
public:
    struct Options {
        std::chrono::milliseconds answer_max{200};  // Twilio waits, and its caller
        std::chrono::seconds planned_life{5 * 3600};
        std::size_t record_bytes_max = 64u << 10;  // what is larger stays with this server
    };
    // `store` may be null, and the seal without a secret: nothing is shared then.
    SharedSpeech(net::EventLoop& loop, SharedStore* store, Seal& seal) : SharedSpeech(loop, store, seal, Options{}) {}
    SharedSpeech(net::EventLoop& loop, SharedStore* store, Seal& seal, Options options);

    bool shares() const { return store_ != nullptr && seal_.usable(); }

    void keep_rest(const std::string& call_sid, const call::CallPlan& rest, std::chrono::seconds life);
    void keep_end(const std::string& call_sid, std::chrono::seconds life);  // nothing is left, and it is to be hung up
    void forget_rest(const std::string& call_sid);
    void keep_planned(const std::string& name, const call::CallPlan& plan);

    struct Known {
        std::optional<call::CallPlan> rest, planned;
    };
    using Answered = std::function<void(Known)>;
    // `plan_name` may be empty. Answers once: at once, on this loop, when nothing is shared; otherwise later, in time,
    // and not at all when the Command is destroyed before.
    [[nodiscard]] SharedStore::Command find(const std::string& call_sid, const std::string& plan_name,
                                            Answered answered);
    // The same for those who stay.
    void look_up(const std::string& call_sid, const std::string& plan_name, Answered answered);

private:
    void keep(const std::string& key, const call::CallPlan& plan, std::chrono::seconds life);
    std::optional<call::CallPlan> plan_in(const std::string& key, const net::RedisValue& value);

    net::EventLoop& loop_;
    SharedStore* const store_;
    Seal& seal_;
    const Options options_;
    std::map<std::uint64_t, SharedStore::Command> asked_;  // as many as the store lets wait
    std::uint64_t serial_ = 0;
};

}  // namespace gateway
