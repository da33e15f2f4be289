#include "net/redis_subscription.hpp"

#include "net/redis_client.hpp"
#include "tests/net/loopback_server.hpp"
#include "tests/net/redis_server.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using net::RedisSubscription;
using std::chrono::milliseconds;
using test::RedisServer;
using test::run_until;

class RedisSubscriptionTest : public testing::Test {
protected:
    void listen(std::uint16_t port, RedisSubscription::Options options = {}) {
        options.address.host = "127.0.0.1";
        options.address.port = port;
        options.channel = "to us";
        options.pause_min = milliseconds(5);
        options.pause_max = milliseconds(50);
        client_options.address = options.address;
        client_options.pause_min = milliseconds(5);
        subscription.emplace(
            loop, options,
            [this](const RedisSubscription::State& state) {
                state ? ++times_listening : ++times_lost;
                if (state) return;
                reason = state.error().reason;
                kind = state.error().kind;
            },
            [this](std::string message) {
                heard.push_back(std::move(message));
                if (heard.back() == "throw") throw std::runtime_error("on purpose");
            });
        client.emplace(loop, client_options, [](const auto&) {});
    }
    bool await_listening() {
        return run_until(loop, [&] { return subscription->listens() && client->ready(); });
    }
    // To how many it went.
    std::int64_t publish(std::string_view channel, std::string_view message) {
        std::optional<net::RedisResult> answer;
        const auto command = client->ask({"PUBLISH", channel, message}, milliseconds(10'000),
                                         [&](net::RedisResult result) { answer = std::move(result); });
        EXPECT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
        return answer && *answer ? (*answer)->number : -1;
    }
    bool await_heard(std::size_t messages) {
        return run_until(loop, [&] { return heard.size() >= messages; });
    }

    net::EventLoop loop;
    net::RedisClient::Options client_options;
    std::optional<RedisSubscription> subscription;
    std::optional<net::RedisClient> client;
    int times_listening = 0, times_lost = 0;
    std::string reason;
    std::optional<net::RedisFailure::Kind> kind;
    std::vector<std::string> heard;
};

TEST_F(RedisSubscriptionTest, hears_what_is_published_on_its_channel_and_nothing_else) {
    const RedisServer redis;
    listen(redis.port());
    ASSERT_TRUE(await_listening());
    const std::string bytes("a\0\r\n\xFF", 5);
    EXPECT_EQ(publish("to others", "not for us"), 0);
    EXPECT_EQ(publish("to us", bytes), 1);
    EXPECT_EQ(publish("to us", ""), 1);
    ASSERT_TRUE(await_heard(2));
    EXPECT_EQ(heard, (std::vector{bytes, std::string()}));
}

TEST_F(RedisSubscriptionTest, listens_again_when_redis_is_back) {
    RedisServer redis;
    listen(redis.port());
    ASSERT_TRUE(await_listening());
    const int lost_before = times_lost;  // while it started
    redis.kill();
    ASSERT_TRUE(run_until(loop, [&] { return times_lost > lost_before + 2; }));
    EXPECT_FALSE(subscription->listens());
    EXPECT_EQ(kind, net::RedisFailure::Kind::lost);
    redis.start();
    ASSERT_TRUE(await_listening());
    EXPECT_EQ(publish("to us", "again"), 1);
    ASSERT_TRUE(await_heard(1));
    EXPECT_EQ(times_listening, 2);
}

TEST_F(RedisSubscriptionTest, a_line_on_which_nothing_is_heard_is_made_anew) {
    const RedisServer redis;
    RedisSubscription::Options options;
    options.silence_max = milliseconds(100);
    listen(redis.port(), options);
    ASSERT_TRUE(run_until(loop, [&] { return times_listening == 2; }));
    EXPECT_EQ(reason, "nothing heard");
}

TEST_F(RedisSubscriptionTest, says_when_it_may_not_listen) {
    const RedisServer redis({"--user", "default", "on", "nopass", "~*", "resetchannels", "+@all"});
    listen(redis.port());
    ASSERT_TRUE(run_until(loop, [&] { return reason.starts_with("NOPERM"); })) << reason;
    EXPECT_EQ(kind, net::RedisFailure::Kind::refused);
    EXPECT_EQ(times_listening, 0);
}

TEST_F(RedisSubscriptionTest, a_message_that_is_too_long_ends_the_connection) {
    const RedisServer redis;
    RedisSubscription::Options options;
    options.reply_bytes_max = 100'000;
    listen(redis.port(), options);
    ASSERT_TRUE(await_listening());
    publish("to us", std::string(1'000'000, 'x'));
    ASSERT_TRUE(run_until(loop, [&] { return times_listening == 2; }));
    EXPECT_EQ(reason, "an answer is too long");
    EXPECT_EQ(heard.size(), 0u);
}

TEST_F(RedisSubscriptionTest, what_a_message_breaks_does_not_break_the_next) {
    const RedisServer redis;
    listen(redis.port());
    ASSERT_TRUE(await_listening());
    const int lost_before = times_lost;
    publish("to us", "throw");
    publish("to us", "fine");
    ASSERT_TRUE(await_heard(2));
    EXPECT_EQ(times_lost, lost_before);
}

}  // namespace
