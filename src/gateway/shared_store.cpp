#include "gateway/shared_store.hpp"

#include <chrono>
#include <utility>

namespace gateway {

namespace {

net::RedisClient::Options client_options(const net::RedisAddress& address) {
    net::RedisClient::Options options;
    options.address = address;
    return options;
}

}  // namespace

SharedStore::SharedStore(net::EventLoop& loop, const net::RedisAddress& address, StoreRecord& record)
    : loop_(loop),
      record_(record),
      client_(loop, client_options(address), [this](const net::RedisClient::State& state) {
          if (state) {
              record_.connection_ready();
          } else {
              record_.connection_lost(was_ready_, state.error());
          }
          was_ready_ = state.has_value();
          if (was_ready_ && when_ready_) when_ready_();
      }) {}

SharedStore::Command SharedStore::ask(StoreUse use, std::span<const std::string_view> words,
                                      std::chrono::milliseconds deadline, Answered answered) {
    return client_.ask(
        words, deadline, [this, use, asked = loop_.now(), answered = std::move(answered)](net::RedisResult result) {
            record_.answered(use, result, std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - asked));
            answered(std::move(result));
        });
}

void SharedStore::tell(StoreUse use, std::span<const std::string_view> words, std::chrono::milliseconds deadline,
                       Answered answered) {
    const std::uint64_t number = ++serial_;
    told_[number] = ask(use, words, deadline, [this, number, answered = std::move(answered)](net::RedisResult result) {
        told_.erase(number);  // whoever calls us keeps us till we return
        if (answered) answered(std::move(result));
    });
}

void SharedStore::tell(StoreUse use, const std::vector<std::string>& words, std::chrono::milliseconds deadline,
                       Answered answered) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    tell(use, views, deadline, std::move(answered));
}

}  // namespace gateway
