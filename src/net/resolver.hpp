#pragma once
// Looks up host names for a loop without holding it up: the C library's resolver, on a thread of its own.

#include "net/event_loop.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

class Resolver {
public:
    using Result = std::expected<std::vector<SocketAddress>, std::string>;  // at least one address, or a sentence
    using Done = std::function<void(Result)>;
    using Lookup = std::shared_ptr<const Done>;

    explicit Resolver(EventLoop& loop);
    ~Resolver();  // waits for the lookup under way

    // `done` is called on the loop, never from inside this call. Destroying the lookup cancels it.
    Lookup look_up(std::string host, std::uint16_t port, Done done);

private:
    struct Question {
        std::string host, port;
        std::weak_ptr<const Done> asker;
    };
    void answer_questions(const std::stop_token& stop);

    EventLoop& loop_;
    std::mutex mutex_;
    std::condition_variable_any asked_;
    std::deque<Question> questions_;
    std::jthread thread_;
};

}  // namespace net
