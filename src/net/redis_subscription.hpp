#pragma once
// Listens on one channel of a Redis server, on a connection of its own. What was published while there was none is
// lost. A line on which nothing is heard for too long is made anew: who owns it has something said there now and then.

#include "net/redis_connection.hpp"
#include "net/redis_reply.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace net {

class RedisSubscription {
public:
    struct Options : RedisConnection::Options {
        std::string channel{};
        std::chrono::milliseconds silence_max{10'000};
    };
    using State = std::expected<void, RedisFailure>;  // refused: we may not listen; else lost
    using OnState = std::function<void(const State&)>;
    using OnMessage = std::function<void(std::string message)>;

    // `on_state` hears when it listens, and when it does not or no longer: why.
    RedisSubscription(EventLoop& loop, const Options& options, OnState on_state, OnMessage on_message);
    ~RedisSubscription();  // not from inside a callback
    RedisSubscription(const RedisSubscription&) = delete;
    RedisSubscription& operator=(const RedisSubscription&) = delete;

    bool listens() const { return listens_; }

private:
    void connected(const RedisConnection::State& state);
    static void on_reply(redisAsyncContext* context, void* reply, void* self);
    void hand_out();

    EventLoop& loop_;
    const Options options_;
    const OnState on_state_;
    const OnMessage on_message_;
    bool listens_ = false, begins_ = false, asked_ = false;
    std::vector<std::string> heard_;  // to be handed out
    Timer silence_;
    RedisConnection connection_;  // last: it calls back while it ends
};

}  // namespace net
