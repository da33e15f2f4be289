#pragma once
// One loop's connection to a Redis server, by hiredis. Commands leave as they come and are answered in order. Each has
// a deadline, after which its answer counts as none; everything that waits is bounded. A connection that breaks, or
// falls silent, is made anew after a pause that grows; until then every command fails at once.

#include "net/event_loop.hpp"
#include "net/redis_address.hpp"
#include "net/redis_reply.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisAsyncContext;

namespace net {

class RedisClient {
public:
    using Millis = std::chrono::milliseconds;
    struct Options {
        RedisAddress address{};
        Millis connect_max{2'000};  // from the attempt to its first answer
        Millis silence_max{1'000};  // of a command without an answer; then the connection is taken for dead
        Millis pause_min{100}, pause_max{5'000};  // between attempts
        std::size_t commands_max = 4'096;         // waiting for their answers
        std::size_t commands_bytes_max = 16u << 20;
        std::size_t reply_bytes_max = 4u << 20;  // more is taken for nonsense and ends the connection
    };
    // What is left of it when the connection is there, and when it is not: why.
    using State = std::expected<void, std::string>;
    using OnState = std::function<void(const State&)>;

    using Answered = std::function<void(RedisResult)>;
    using Command = std::shared_ptr<const Answered>;
    using Words = std::initializer_list<std::string_view>;

    // Connects by itself. `on_state` hears of every connection that is ready, and of every one that is lost or could
    // not be made, on the loop.
    RedisClient(EventLoop& loop, Options options, OnState on_state);
    ~RedisClient();  // what is still asked is not answered; not from inside a callback
    RedisClient(const RedisClient&) = delete;
    RedisClient& operator=(const RedisClient&) = delete;

    // Answers once, never from inside this call. Destroying the Command drops the answer, not what it does.
    Command ask(std::span<const std::string_view> words, Millis deadline, Answered answered);
    Command ask(Words words, Millis deadline, Answered answered) {
        return ask(std::span(words.begin(), words.size()), deadline, std::move(answered));
    }
    bool ready() const { return ready_; }

private:
    class Socket;
    struct Waiting;

    void connect();
    void connect_to(const std::string& numeric_host);
    void greet();
    void greeted(const RedisResult& result, bool last);
    Waiting* send(std::span<const std::string_view> words, std::weak_ptr<const Answered> asker);
    void fail_soon(const Command& command, RedisFailure failure);
    static void on_reply(redisAsyncContext* context, void* reply, void* waiting);
    void watch_silence();
    void act(std::uint32_t events);
    void hand_out();
    void drop(std::string reason);
    void gone();

    EventLoop& loop_;
    const Options options_;
    const OnState on_state_;
    redisAsyncContext* context_ = nullptr;
    std::unique_ptr<Socket> socket_;
    bool ready_ = false, ending_ = false;
    std::string reason_;  // why the connection ends
    Resolver::Lookup lookup_;
    std::size_t attempts_ = 0;  // since the connection was last ready
    std::vector<Command> greeting_;
    std::deque<std::unique_ptr<Waiting>> waiting_;  // in the order of their answers
    std::size_t waiting_bytes_ = 0;
    std::vector<std::pair<std::weak_ptr<const Answered>, RedisResult>> answered_;  // to be handed out
    Timer again_, silence_, connect_limit_;
};

}  // namespace net
