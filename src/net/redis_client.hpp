#pragma once
// One loop's commands to a Redis server. They leave as they come and are answered in order. Each has a deadline, after
// which its answer counts as none; everything that waits is bounded. While there is no connection
// (redis_connection.hpp) every command fails at once; one that falls silent is made anew.

#include "net/redis_connection.hpp"
#include "net/redis_reply.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace net {

class RedisClient {
public:
    using Millis = std::chrono::milliseconds;
    struct Options : RedisConnection::Options {
        Millis silence_max{1'000};         // of a command without an answer; then the connection is taken for dead
        std::size_t commands_max = 4'096;  // waiting for their answers
        std::size_t commands_bytes_max = 16u << 20;
    };
    using State = RedisConnection::State;
    using OnState = RedisConnection::OnState;

    using Answered = std::function<void(RedisResult)>;
    using Command = std::shared_ptr<const Answered>;
    using Words = std::initializer_list<std::string_view>;

    RedisClient(EventLoop& loop, const Options& options, OnState on_state);
    ~RedisClient();  // what is still asked is not answered; not from inside a callback
    RedisClient(const RedisClient&) = delete;
    RedisClient& operator=(const RedisClient&) = delete;

    // Answers once, never from inside this call. Destroying the Command drops the answer, not what it does.
    Command ask(std::span<const std::string_view> words, Millis deadline, Answered answered);
    Command ask(Words words, Millis deadline, Answered answered) {
        return ask(std::span(words.begin(), words.size()), deadline, std::move(answered));
    }
    bool ready() const { return connection_.ready(); }

private:
    struct Waiting;

    Waiting* send(std::span<const std::string_view> words, std::weak_ptr<const Answered> asker);
    void fail_soon(const Command& command, RedisFailure failure);
    static void on_reply(redisAsyncContext* context, void* reply, void* waiting);
    void watch_silence();
    void hand_out();

    EventLoop& loop_;
    const Options options_;
    std::deque<std::unique_ptr<Waiting>> waiting_;  // in the order of their answers
    std::size_t waiting_bytes_ = 0;
    std::vector<std::pair<std::weak_ptr<const Answered>, RedisResult>> answered_;  // to be handed out
    Timer silence_;
    RedisConnection connection_;  // last: it calls back while it ends
};

}  // namespace net
