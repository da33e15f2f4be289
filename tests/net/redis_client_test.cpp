#include "net/redis_client.hpp"

#include "tests/net/loopback_server.hpp"
#include "tests/net/redis_server.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace {

using net::RedisClient;
using net::RedisFailure;
using net::RedisResult;
using net::RedisValue;
using std::chrono::milliseconds;
using test::RedisServer;
using test::run_until;

constexpr milliseconds patient{10'000};

class RedisClientTest : public testing::Test {
protected:
    void connect(std::uint16_t port, RedisClient::Options options = {}) {
        options.address.host = "127.0.0.1";
        options.address.port = port;
        options.pause_min = milliseconds(5);
        options.pause_max = milliseconds(50);
        client.emplace(loop, options, [this](const RedisClient::State& state) {
            state ? ++times_ready : ++times_lost;
            if (!state) reason = state.error();
        });
    }
    bool await_ready() {
        return run_until(loop, [&] { return client->ready(); });
    }
    RedisResult ask(RedisClient::Words words, milliseconds deadline = patient) {
        std::optional<RedisResult> answer;
        const auto command = client->ask(words, deadline, [&](RedisResult result) { answer = std::move(result); });
        EXPECT_FALSE(answer) << "answered from inside ask()";
        EXPECT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
        return answer.value_or(RedisResult{});
    }
    std::optional<RedisFailure::Kind> failure_of(RedisClient::Words words, milliseconds deadline = patient) {
        const RedisResult result = ask(words, deadline);
        return result ? std::nullopt : std::optional(result.error().kind);
    }

    net::EventLoop loop;
    std::optional<RedisClient> client;
    int times_ready = 0, times_lost = 0;
    std::string reason;
};

TEST_F(RedisClientTest, keeps_any_bytes_and_tells_what_is_not_there) {
    const RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    const std::string bytes("a\0\r\n\xFF", 5);
    EXPECT_TRUE(ask({"SET", "key", bytes})->is_text("OK"));
    EXPECT_EQ(ask({"GET", "key"})->text, bytes);
    const RedisResult both = ask({"MGET", "key", "other"});
    ASSERT_EQ(both->kind, RedisValue::Kind::list);
    ASSERT_EQ(both->list.size(), 2u);
    EXPECT_EQ(both->list[0].text, bytes);
    EXPECT_EQ(both->list[1].kind, RedisValue::Kind::nothing);
    EXPECT_EQ(ask({"STRLEN", "key"})->number, 5);
}

TEST_F(RedisClientTest, tells_a_refusal_in_the_words_of_redis) {
    const RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    ask({"SET", "key", "text"});
    const RedisResult result = ask({"INCR", "key"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, RedisFailure::Kind::refused);
    EXPECT_TRUE(result.error().reason.starts_with("ERR value is not an integer")) << result.error().reason;
}

TEST_F(RedisClientTest, introduces_itself_and_chooses_its_database) {
    const RedisServer redis({"--requirepass", "s3cret"});
    RedisClient::Options options;
    options.address.password = Secret("s3cret");
    options.address.database = 3;
    connect(redis.port(), options);
    ASSERT_TRUE(await_ready());
    const RedisResult who = ask({"CLIENT", "INFO"});
    ASSERT_TRUE(who);
    EXPECT_NE(who->text.find(" db=3 "), std::string::npos) << who->text;
}

TEST_F(RedisClientTest, does_not_call_itself_ready_with_a_wrong_password) {
    const RedisServer redis({"--requirepass", "s3cret"});
    RedisClient::Options options;
    options.address.password = Secret("guess");
    connect(redis.port(), options);
    ASSERT_TRUE(run_until(loop, [&] { return reason.starts_with("WRONGPASS"); })) << reason;
    EXPECT_FALSE(client->ready());
    EXPECT_EQ(failure_of({"PING"}), RedisFailure::Kind::absent);
}

TEST_F(RedisClientTest, comes_back_when_redis_does) {
    RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    const int lost_before = times_lost;  // while it started
    redis.kill();
    ASSERT_TRUE(run_until(loop, [&] { return times_lost > lost_before + 2; }));  // and keeps trying
    EXPECT_EQ(failure_of({"PING"}), RedisFailure::Kind::absent);
    redis.start();
    ASSERT_TRUE(await_ready());
    EXPECT_TRUE(ask({"PING"})->is_text("PONG"));
    EXPECT_EQ(times_ready, 2);
}

TEST_F(RedisClientTest, fails_what_waits_when_the_connection_is_lost) {
    RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    std::optional<RedisResult> answer;
    const auto command = client->ask({"BLPOP", "nothing", "0"}, patient, [&](RedisResult result) { answer = result; });
    ASSERT_TRUE(ask({"PING"}, milliseconds(50)).error().kind == RedisFailure::Kind::late);  // behind BLPOP
    redis.kill();
    ASSERT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
    EXPECT_EQ(answer->error().kind, RedisFailure::Kind::lost);
}

TEST_F(RedisClientTest, takes_a_late_answer_for_none_and_the_next_for_its_own) {
    const RedisServer redis;
    RedisClient::Options options;
    options.silence_max = patient;
    connect(redis.port(), options);
    ASSERT_TRUE(await_ready());
    const int lost_before = times_lost;
    redis.freeze();
    EXPECT_EQ(failure_of({"SET", "key", "late"}, milliseconds(20)), RedisFailure::Kind::late);
    redis.thaw();
    EXPECT_TRUE(ask({"GET", "key"})->is_text("late"));
    EXPECT_EQ(times_lost, lost_before);
}

TEST_F(RedisClientTest, gives_up_a_connection_that_has_fallen_silent) {
    const RedisServer redis;
    RedisClient::Options options;
    options.silence_max = milliseconds(100);
    options.connect_max = milliseconds(100);
    connect(redis.port(), options);
    ASSERT_TRUE(await_ready());
    redis.freeze();
    EXPECT_EQ(failure_of({"PING"}, milliseconds(20)), RedisFailure::Kind::late);
    ASSERT_TRUE(run_until(loop, [&] { return !client->ready(); }));
    EXPECT_EQ(reason, "no answer");
    EXPECT_EQ(failure_of({"PING"}), RedisFailure::Kind::absent);
    redis.thaw();
    ASSERT_TRUE(await_ready());
}

TEST_F(RedisClientTest, lets_only_so_much_wait) {
    const RedisServer redis;
    RedisClient::Options options;
    options.commands_max = 3;
    connect(redis.port(), options);
    ASSERT_TRUE(await_ready());
    std::vector<RedisClient::Command> commands;
    int answered = 0, crowded = 0;
    for (int i = 0; i < 5; ++i) {
        commands.push_back(client->ask({"PING"}, patient, [&](const RedisResult& result) {
            ++answered;
            crowded += !result && result.error().kind == RedisFailure::Kind::crowded;
        }));
    }
    ASSERT_TRUE(run_until(loop, [&] { return answered == 5; }));
    EXPECT_EQ(crowded, 2);
    EXPECT_TRUE(ask({"PING"}));
}

TEST_F(RedisClientTest, drops_the_answer_of_a_command_that_was_let_go) {
    const RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    bool answered = false;
    client->ask({"SET", "key", "done"}, patient, [&](const RedisResult&) { answered = true; }).reset();
    EXPECT_TRUE(ask({"GET", "key"})->is_text("done"));
    EXPECT_FALSE(answered);
}

TEST_F(RedisClientTest, ends_a_connection_whose_answer_is_too_long) {
    const RedisServer redis;
    RedisClient::Options options;
    options.reply_bytes_max = 100'000;
    connect(redis.port(), options);
    ASSERT_TRUE(await_ready());
    ask({"SETRANGE", "long", "1000000", "x"});
    EXPECT_EQ(failure_of({"GET", "long"}), RedisFailure::Kind::lost);
    EXPECT_EQ(reason, "an answer is too long");
    ASSERT_TRUE(await_ready());
    ask({"EVAL", "for i=1,5000 do redis.call('rpush','list',i) end", "0"});
    EXPECT_EQ(failure_of({"LRANGE", "list", "0", "-1"}), RedisFailure::Kind::lost) << "no list is that long";
}

TEST_F(RedisClientTest, may_end_with_commands_under_way) {
    const RedisServer redis;
    connect(redis.port());
    ASSERT_TRUE(await_ready());
    const auto command = client->ask({"PING"}, patient, [&](const RedisResult&) { FAIL() << "answered"; });
    client.reset();
    for (int i = 0; i < 10; ++i) loop.turn(loop.now() + milliseconds(1));
}

TEST_F(RedisClientTest, says_why_a_host_cannot_be_found) {
    RedisClient::Options options;
    options.address = {.host = "no such host", .user = {}, .password = {}};
    client.emplace(loop, options, [this](const RedisClient::State& state) { reason = state.error(); });
    ASSERT_TRUE(run_until(loop, [&] { return !reason.empty(); }));
}

}  // namespace
