#pragma once
// One loop's way to what all instances share: a connection to Redis whose every command is counted by what it is for.
// Nothing above waits longer for it than the deadline it names, and everything above goes on without an answer.

#include "gateway/store_record.hpp"
#include "net/redis_client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

class SharedStore {
public:
    using Words = net::RedisClient::Words;
    using Answered = net::RedisClient::Answered;
    using Command = net::RedisClient::Command;

    SharedStore(net::EventLoop& loop, const net::RedisAddress& address, StoreRecord& record);

    // Called whenever the connection has been made, on the loop.
    void when_ready(std::function<void()> ready) { when_ready_ = std::move(ready); }
    bool ready() const { return client_.ready(); }

    // As RedisClient::ask.
    Command ask(StoreUse use, std::span<const std::string_view> words, std::chrono::milliseconds deadline,
                Answered answered);
    Command ask(StoreUse use, Words words, std::chrono::milliseconds deadline, Answered answered) {
        return ask(use, std::span(words.begin(), words.size()), deadline, std::move(answered));
    }
    // For what is done whether or not anybody waits for the answer.
    void tell(StoreUse use, Words words, Answered answered = {}) {
        tell(use, std::span(words.begin(), words.size()), told_max, std::move(answered));
    }
    void tell(StoreUse use, std::span<const std::string_view> words, std::chrono::milliseconds deadline,
              Answered answered);
    void tell(StoreUse use, const std::vector<std::string>& words, std::chrono::milliseconds deadline = told_max,
              Answered answered = {});

private:
    static constexpr std::chrono::milliseconds told_max{1'000};

    net::EventLoop& loop_;
    StoreRecord& record_;
    bool was_ready_ = false;
    std::function<void()> when_ready_;
    std::map<std::uint64_t, Command> told_;  // as many as the client lets wait
    std::uint64_t serial_ = 0;
    net::RedisClient client_;  // last: it calls back while it ends
};

}  // namespace gateway
