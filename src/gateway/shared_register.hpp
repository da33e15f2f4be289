#pragma once
// Which calls are open on which server, in Redis. Each server writes down its own, under a lease that it renews; those
// of one that has died vanish with its lease.
//
//   mouthpiece:instances          sorted set: the servers, each with the end of its lease by the clock of Redis (ms)
//   mouthpiece:calls:<instance>   hash: CallSid -> since when its stream is open (Unix time, ms), and "server" -> what
//                                 there is to tell of the server itself; expires with the lease
//
// One command is under way at a time, and what changes meanwhile leaves with the next one. Whenever a command fails, or
// Redis holds another number of calls than we wrote down (it was restarted, or has made room), all are written anew.

#include "gateway/call_register.hpp"
#include "gateway/shared_store.hpp"
#include "net/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace gateway {

inline constexpr std::string_view instances_key = "mouthpiece:instances";
inline constexpr std::string_view calls_key_prefix = "mouthpiece:calls:";
inline constexpr std::string_view server_field = "server";
inline constexpr std::string_view channel_prefix = "mouthpiece:to:";

class SharedRegister {
public:
    using Millis = std::chrono::milliseconds;
    struct Options {
        Millis lease{10'000}, renewal{2'500};
        Millis answer_max{1'000};
        std::size_t calls_per_command_max = 500;
    };
    // `about`: what others may know of this server, as JSON. All on the loop of `store`; `calls` may change on others.
    SharedRegister(net::EventLoop& loop, SharedStore& store, CallRegister& calls, std::string instance,
                   std::function<std::string()> about)
        : SharedRegister(loop, store, calls, std::move(instance), std::move(about), Options{}) {}
    SharedRegister(net::EventLoop& loop, SharedStore& store, CallRegister& calls, std::string instance,
                   std::function<std::string()> about, const Options& options);
    ~SharedRegister();

    // The server stops: nobody need wait for the end of its lease. The loop is kept busy until Redis has heard of it.
    void leave();

    // What the clock of Redis shows, as far as the last renewal tells.
    std::optional<Millis> redis_now() const;

private:
    using Words = std::vector<std::string>;

    void wake();
    void renew();
    void renewed(const net::RedisResult& result, net::Instant asked);
    void next();
    void write();
    void written(const net::RedisResult& result, const RegisterJournal::Changes& changes);
    void ask(const Words& words, std::function<void(const net::RedisResult&)> answered);
    RegisterJournal::Changes take_some();

    net::EventLoop& loop_;
    SharedStore& store_;
    CallRegister& calls_;
    const std::string instance_, calls_key_;
    const std::function<std::string()> about_;
    const Options options_;
    net::Timer renewal_;
    SharedStore::Command command_;  // under way
    bool renewal_due_ = false, left_ = false;
    bool told_ = false;                                          // our lease holds, and what is written down is known
    bool anew_ = true;                                           // everything is to be written down
    bool begin_ = true;                                          // with the next command
    RegisterJournal::Changes waiting_;                           // to be written
    std::unordered_set<std::string> written_;                    // calls that Redis knows of
    std::optional<Millis> redis_ahead_;                          // of our steady clock
    const std::shared_ptr<int> here_ = std::make_shared<int>();  // gone when this is: word left elsewhere looks first
};

}  // namespace gateway
