#pragma once
// A real Redis, a loop for whatever uses it, and ways to ask it and to wait for what becomes of it.

#include "gateway/shared_store.hpp"
#include "tests/net/loopback_server.hpp"
#include "tests/net/redis_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

inline net::RedisAddress redis_at(std::uint16_t port) {
    return {.host = "127.0.0.1", .port = port, .user = {}, .password = {}};
}

class RedisFixture : public testing::Test {
protected:
    // Asks again and again: nothing wakes the loop for what has changed in Redis.
    bool becomes_true(auto condition) {
        const auto end = net::Clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            if (net::Clock::now() >= end) return false;
            loop.turn(net::Clock::now() + std::chrono::milliseconds(2));
        }
        return true;
    }
    net::RedisResult command(gateway::SharedStore& store, std::span<const std::string_view> words) {
        std::optional<net::RedisResult> answer;
        const auto asked = store.ask(gateway::StoreUse::clip_lookup, words, std::chrono::milliseconds(10'000),
                                     [&](net::RedisResult result) { answer = std::move(result); });
        run_until(loop, [&] { return answer.has_value(); });
        return answer.value_or(std::unexpected(net::RedisFailure{}));
    }
    net::RedisResult command(gateway::SharedStore& store, const std::vector<std::string>& words) {
        return command(store, std::vector<std::string_view>(words.begin(), words.end()));
    }
    std::optional<net::RedisValue> value(gateway::SharedStore& store, const std::vector<std::string>& words) {
        const auto answer = command(store, words);
        return answer ? std::optional(*answer) : std::nullopt;
    }
    // Asked beside what is tested.
    std::optional<net::RedisValue> raw(auto... words) {
        if (!beside) beside.emplace(loop, redis_at(redis.port()), record);
        return value(*beside, {std::string(words)...});
    }

    RedisServer redis;
    net::EventLoop loop;
    gateway::StoreRecord record{1};
    std::optional<gateway::SharedStore> beside;
};

}  // namespace test
