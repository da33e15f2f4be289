#pragma once
// A connection to a Redis server, by hiredis, on one loop: made by itself, with password and database, and made anew
// after a pause that grows. What is said on it is its user's: RedisClient's or RedisSubscription's.

#include "net/event_loop.hpp"
#include "net/redis_address.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

struct redisAsyncContext;

namespace net {

class RedisConnection {
public:
    using Millis = std::chrono::milliseconds;
    struct Options {
        RedisAddress address{};
        Millis connect_max{2'000};                // from the attempt to its first answer
        Millis pause_min{100}, pause_max{5'000};  // between attempts, each up to a half shorter
        std::size_t reply_bytes_max = 4u << 20;   // more is taken for nonsense and ends the connection
    };
    // What is left of it when the connection is there, and when it is not: why.
    using State = std::expected<void, std::string>;
    using OnState = std::function<void(const State&)>;
    using OnReply = void (*)(redisAsyncContext*, void* reply, void* asker);

    // `on_state` hears of every connection that is ready, and of every one that is lost or could not be made. hiredis
    // calls back while it works: what its callbacks noted is to be acted on in `replied`, when it has returned.
    RedisConnection(EventLoop& loop, Options options, OnState on_state, std::function<void()> replied);
    ~RedisConnection();  // callbacks of what is still asked get null
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    bool send(std::span<const std::string_view> words, OnReply on_reply, void* asker);  // false: it takes no more
    void drop(std::string reason);  // not from inside a callback of hiredis
    bool ready() const { return ready_; }
    bool ending() const { return ending_; }

private:
    class Socket;

    void connect();
    void connect_to(const std::string& numeric_host);
    void greet();
    static void on_greeting(redisAsyncContext*, void* reply, void* self);
    void look_at_greeting();
    void act(std::uint32_t events);
    void gone();

    EventLoop& loop_;
    const Options options_;
    const OnState on_state_;
    const std::function<void()> replied_;
    redisAsyncContext* context_ = nullptr;
    std::unique_ptr<Socket> socket_;
    bool ready_ = false, ending_ = false;
    std::string reason_;  // why the connection ends
    Resolver::Lookup lookup_;
    std::size_t attempts_ = 0;          // since the connection was last ready
    std::size_t greeting_awaited_ = 0;  // answers
    std::string greeting_refused_;      // in the words of Redis
    std::minstd_rand random_{std::random_device{}()};
    Timer again_, connect_limit_;
};

}  // namespace net
