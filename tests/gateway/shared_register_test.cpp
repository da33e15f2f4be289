#include "gateway/shared_register.hpp"

#include "tests/gateway/redis_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

namespace {

using gateway::CallRegister;
using gateway::SharedRegister;
using gateway::SharedStore;
using gateway::StoreRecord;
using gateway::StoreUse;
using std::chrono::milliseconds;
using test::run_until;

// One server's register, of calls that the test opens and ends.
struct Registrar {
    Registrar(net::EventLoop& its_loop, std::uint16_t port, const std::string& name,
              const SharedRegister::Options& options)
        : loop(its_loop),
          store(loop, test::redis_at(port), record),
          published(loop, store, calls, name, [] { return R"({"version":"1"})"; }, options) {}

    void open(const std::string& sid) { calls.opened(sid, {.stream_sid = "MZ" + sid}, loop.now()); }
    void end(const std::string& sid) { calls.closed(sid, "MZ" + sid, {}, loop.now()); }

    net::EventLoop& loop;
    StoreRecord record{1};
    SharedStore store;
    CallRegister calls{{}};
    SharedRegister published;
};

class SharedRegisterTest : public test::RedisFixture {
protected:
    static SharedRegister::Options patient() {
        SharedRegister::Options options;
        options.answer_max = milliseconds(5'000);
        options.renewal = milliseconds(20);
        options.lease = milliseconds(30'000);
        return options;
    }
    void start(const SharedRegister::Options& options = patient()) {
        a.emplace(loop, redis.port(), "a", options);
        ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 0; }));
    }
    // -1: the server is not in the register.
    std::int64_t calls_of(const std::string& instance) {
        const auto fields = raw("HLEN", "mouthpiece:calls:" + instance);
        return fields ? fields->number - 1 : -1;
    }
    bool knows(const std::string& instance, const std::string& sid) {
        const auto found = raw("HEXISTS", "mouthpiece:calls:" + instance, sid);
        return found && found->number == 1;
    }
    std::int64_t servers() {
        const auto found = raw("ZCARD", "mouthpiece:instances");
        return found ? found->number : -1;
    }

    std::optional<Registrar> a, b;
};

TEST_F(SharedRegisterTest, a_call_is_in_it_while_its_stream_is_open) {
    start();
    a->calls.announced({.call_sid = "CA1"}, loop.now());
    a->open("CA1");
    a->open("CA2");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 2; }));
    EXPECT_TRUE(knows("a", "CA1"));
    a->end("CA1");
    ASSERT_TRUE(becomes_true([&] { return !knows("a", "CA1"); }));
    EXPECT_TRUE(knows("a", "CA2"));
    EXPECT_EQ(servers(), 1);
    const auto opened = std::stoll(raw("HGET", "mouthpiece:calls:a", "CA2")->text);
    const auto now = std::chrono::system_clock::now().time_since_epoch() / milliseconds(1);
    EXPECT_NEAR(static_cast<double>(opened), static_cast<double>(now), 20'000) << "since when, in Unix time";
}

TEST_F(SharedRegisterTest, many_calls_at_once_are_written_in_pieces) {
    auto options = patient();
    options.calls_per_command_max = 7;
    start(options);
    for (int i = 0; i < 100; ++i) a->open(fmt::format("CA{}", i));
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 100; }));
    for (int i = 0; i < 99; ++i) a->end(fmt::format("CA{}", i));
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 1; }));
    EXPECT_TRUE(knows("a", "CA99"));
}

TEST_F(SharedRegisterTest, an_empty_redis_is_told_everything_again) {
    start();
    for (int i = 0; i < 20; ++i) a->open(fmt::format("CA{}", i));
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 20; }));
    raw("FLUSHALL");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 20 && servers() == 1; }));
    redis.kill();
    a->open("CA20");
    a->end("CA0");
    a->end("CA1");
    redis.start();
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 19 && knows("a", "CA20"); }));
}

TEST_F(SharedRegisterTest, what_somebody_else_removed_or_added_is_mended) {
    start();
    a->open("CA1");
    a->open("CA2");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 2; }));
    raw("HDEL", "mouthpiece:calls:a", "CA1");
    ASSERT_TRUE(becomes_true([&] { return knows("a", "CA1"); }));
    raw("HSET", "mouthpiece:calls:a", "CA9", "1");
    ASSERT_TRUE(becomes_true([&] { return !knows("a", "CA9"); }));
    EXPECT_EQ(calls_of("a"), 2);
}

TEST_F(SharedRegisterTest, writes_that_were_refused_are_made_up_for) {
    start();
    raw("CONFIG", "SET", "maxmemory", "1");
    a->open("CA1");
    a->open("CA2");
    a->end("CA2");
    ASSERT_TRUE(becomes_true(
        [&] { return a->record.render().find(R"(use="call_register",result="refused"} 0)") == std::string::npos; }));
    raw("CONFIG", "SET", "maxmemory", "0");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 1 && knows("a", "CA1"); }));
}

TEST_F(SharedRegisterTest, a_server_that_dies_takes_its_calls_along) {
    auto options = patient();
    options.lease = milliseconds(300);
    start(options);
    b.emplace(loop, redis.port(), "b", patient());
    a->open("CA1");
    b->open("CA2");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 1 && calls_of("b") == 1 && servers() == 2; }));
    a.reset();
    EXPECT_TRUE(becomes_true([&] { return calls_of("a") == -1 && servers() == 1; }));
    EXPECT_EQ(calls_of("b"), 1);
}

TEST_F(SharedRegisterTest, a_server_that_leaves_is_gone_at_once) {
    start();
    a->open("CA1");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 1; }));
    a->published.leave();
    EXPECT_TRUE(loop.keeps_anything());
    ASSERT_TRUE(run_until(loop, [&] { return !loop.keeps_anything(); }));
    EXPECT_EQ(calls_of("a"), -1);
    EXPECT_EQ(servers(), 0);
    a->open("CA2");
    for (int i = 0; i < 20; ++i) loop.turn(loop.now() + milliseconds(5));
    EXPECT_EQ(servers(), 0) << "and does not come back";
}

TEST_F(SharedRegisterTest, a_stream_that_calls_itself_as_our_own_field_does_no_harm) {
    start();
    a->open("server");
    a->open("CA1");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 1; }));
    a->end("server");
    a->open("CA2");
    ASSERT_TRUE(becomes_true([&] { return calls_of("a") == 2; }));
}

TEST_F(SharedRegisterTest, knows_what_the_clock_of_redis_shows) {
    start();
    const auto time = raw("TIME");
    const milliseconds shown{std::stoll(time->list[0].text) * 1'000 + std::stoll(time->list[1].text) / 1'000};
    ASSERT_TRUE(a->published.redis_now());
    EXPECT_LT(std::chrono::abs(*a->published.redis_now() - shown), milliseconds(2'000)) << "on a machine that is busy";
}

}  // namespace
