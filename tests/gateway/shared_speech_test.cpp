#include "gateway/shared_speech.hpp"

#include "tests/gateway/redis_fixture.hpp"
#include "tests/gateway/speech_recorder.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::SharedSpeech;
using gateway::SharedStore;
using gateway::StoreUse;

call::CallPlan half_heard(const std::string& text) {
    return {.speech = test::speech_request(text), .heard_bytes = text.size() / 2};
}

class SharedSpeechTest : public test::RedisFixture {
protected:
    struct Instance {
        Instance(net::EventLoop& loop, std::uint16_t port, const std::string& secret, SharedSpeech::Options options)
            : store(loop, test::redis_at(port), record),
              seal(Secret(secret), "test"),
              plans(loop, &store, seal, options) {}
        gateway::StoreRecord record{1};
        SharedStore store;
        gateway::Seal seal;
        SharedSpeech plans;
    };
    // Times that no slow machine reaches, but where a test is about them.
    static SharedSpeech::Options patient() {
        SharedSpeech::Options options;
        options.answer_max = 5'000ms;
        return options;
    }
    void start(const SharedSpeech::Options& options = patient()) {
        a.emplace(loop, redis.port(), "the account's auth token", options);
        b.emplace(loop, redis.port(), "the account's auth token", options);
        ASSERT_TRUE(becomes_true([&] { return raw("PING") && raw("PING", *b); }));
    }
    // By the connection of who is tested, so behind what it was told before.
    std::optional<net::RedisValue> raw(const char* word, Instance& instance) { return value(instance.store, {word}); }
    std::optional<net::RedisValue> raw(auto... words) { return value(a->store, {std::string(words)...}); }

    SharedSpeech::Known known_to(Instance& instance, const std::string& call_sid, const std::string& plan_name = "") {
        std::optional<SharedSpeech::Known> known;
        const auto command =
            instance.plans.find(call_sid, plan_name, [&](SharedSpeech::Known found) { known = std::move(found); });
        EXPECT_TRUE(test::run_until(loop, [&] { return known.has_value(); }));
        return *known;
    }
    // What was told before is done: one connection is answered in order.
    void keep(const std::string& call_sid, const std::string& text) {
        a->plans.keep_rest(call_sid, half_heard(text), 60s);
        raw("PING");
    }

    std::optional<Instance> a, b;
};

TEST_F(SharedSpeechTest, another_server_learns_what_is_left_to_be_heard) {
    start();
    keep("CA1", "Half of this was heard.");
    const auto known = known_to(*b, "CA1");
    ASSERT_TRUE(known.rest);
    EXPECT_EQ(known.rest->speech.text.reveal(), "Half of this was heard.");
    EXPECT_EQ(known.rest->heard_bytes, 11U);
    EXPECT_FALSE(known.planned);
    EXPECT_FALSE(known_to(*b, "CA2").rest);
}

TEST_F(SharedSpeechTest, a_placed_call_s_plan_is_found_by_its_name_and_its_rest_beside_it) {
    start();
    a->plans.keep_planned("0123", half_heard("What the callee is to hear."));
    keep("CA1", "And what he has heard of it.");
    const auto known = known_to(*b, "CA1", "0123");
    ASSERT_TRUE(known.planned && known.rest);
    EXPECT_EQ(known.planned->speech.text.reveal(), "What the callee is to hear.");
    EXPECT_FALSE(known_to(*b, "CA1", "4567").planned);
}

TEST_F(SharedSpeechTest, nothing_of_it_can_be_read_in_redis_and_all_of_it_expires) {
    start();
    keep("CA1", "A secret appointment.");
    EXPECT_FALSE(raw("GET", "mouthpiece:rest:CA1")->text.contains("secret"));
    const auto life = raw("TTL", "mouthpiece:rest:CA1")->number;
    EXPECT_TRUE(life > 30 && life <= 60) << life;
    a->plans.keep_planned("0123", half_heard("A secret appointment."));
    EXPECT_GT(raw("TTL", "mouthpiece:planned:0123")->number, 4 * 3600);
}

TEST_F(SharedSpeechTest, is_forgotten_with_the_call) {
    start();
    keep("CA1", "Half of this was heard.");
    a->plans.forget_rest("CA1");
    EXPECT_EQ(raw("EXISTS", "mouthpiece:rest:CA1")->number, 0);
}

TEST_F(SharedSpeechTest, what_was_put_there_by_others_is_not_believed) {
    start();
    keep("CA1", "Half of this was heard.");
    const std::string sealed = raw("GET", "mouthpiece:rest:CA1")->text;
    raw("SET", "mouthpiece:rest:CA2", sealed.c_str());  // of another call
    raw("SET", "mouthpiece:rest:CA3", "{\"say\":[]}");
    raw("SETRANGE", "mouthpiece:rest:CA1", "40", "damage");
    for (const char* call_sid : {"CA1", "CA2", "CA3"}) EXPECT_FALSE(known_to(*b, call_sid).rest) << call_sid;
    Instance stranger(loop, redis.port(), "another account's", patient());
    ASSERT_TRUE(becomes_true([&] { return raw("PING", stranger).has_value(); }));
    stranger.plans.keep_rest("CA4", half_heard("Words in our mouth."), 60s);
    raw("PING", stranger);
    EXPECT_FALSE(known_to(*b, "CA4").rest);
}

TEST_F(SharedSpeechTest, what_is_too_large_stays_here_and_leaves_nothing_old_there) {
    SharedSpeech::Options options = patient();
    options.record_bytes_max = 1'000;
    start(options);
    keep("CA1", "Small enough.");
    keep("CA1", std::string(1'000, 'x'));
    EXPECT_FALSE(known_to(*b, "CA1").rest);
    EXPECT_EQ(loop.limits().of(Limit::shared_speech), 1U);
}

TEST_F(SharedSpeechTest, a_redis_that_does_not_answer_is_waited_for_only_so_long) {
    SharedSpeech::Options options = patient();
    start(options);
    keep("CA1", "Half of this was heard.");
    options.answer_max = 50ms;
    Instance hasty(loop, redis.port(), "the account's auth token", options);
    ASSERT_TRUE(becomes_true([&] { return raw("PING", hasty).has_value(); }));
    redis.freeze();
    std::optional<SharedSpeech::Known> known;
    hasty.plans.look_up("CA1", "", [&](SharedSpeech::Known found) { known = std::move(found); });
    EXPECT_FALSE(known) << "not from inside the question";
    EXPECT_TRUE(test::run_until(loop, [&] { return known.has_value(); }));
    EXPECT_FALSE(known->rest);
    redis.thaw();
}

TEST(SharedSpeechAlone, without_redis_or_a_secret_nothing_is_shared_and_nobody_waits) {
    net::EventLoop loop;
    gateway::Seal seal(Secret("secret"), "test"), none(Secret(""), "test");
    gateway::StoreRecord record{1};
    SharedStore store(loop, {.host = "127.0.0.1", .port = 1, .user = {}, .password = {}}, record);
    for (auto plans : {SharedSpeech(loop, nullptr, seal), SharedSpeech(loop, &store, none)}) {
        EXPECT_FALSE(plans.shares());
        plans.keep_rest("CA1", half_heard("text"), 60s);
        plans.forget_rest("CA1");
        plans.keep_planned("name", half_heard("text"));
        int answers = 0;
        plans.look_up("CA1", "", [&](const SharedSpeech::Known&) { ++answers; });
        EXPECT_EQ(answers, 1);
    }
}

}  // namespace
