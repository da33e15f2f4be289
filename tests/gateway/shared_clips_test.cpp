#include "gateway/shared_clips.hpp"

#include "tests/gateway/clip_fixture.hpp"
#include "tests/gateway/log_recorder.hpp"
#include "tests/gateway/redis_fixture.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace {

using gateway::SharedClips;
using gateway::SharedStore;
using gateway::StoreRecord;
using gateway::StoreUse;
using std::chrono::milliseconds;
using test::bytes_of;
using test::clip_key;
using test::run_until;
using test::test_clip;

// What several servers have each for itself.
struct Instance {
    Instance(net::EventLoop& loop, std::uint16_t port, std::string name, SharedClips::Options options)
        : store(loop, test::redis_at(port), record), clips(loop, store, std::move(name), counts, options) {}

    StoreRecord record{1};
    SharedStore store;
    gateway::SharedClipCounts counts;
    SharedClips clips;
};

class SharedClipsTest : public test::RedisFixture {
protected:
    // Times that no slow machine reaches, but where a test is about them.
    static SharedClips::Options patient() {
        SharedClips::Options options;
        options.answer_max = milliseconds(5'000);
        options.wait_max = milliseconds(20'000);
        options.look_again = milliseconds(2);
        options.claim = std::chrono::seconds(60);
        return options;
    }
    void start(const SharedClips::Options& options = patient()) {
        a.emplace(loop, redis.port(), "a", options);
        b.emplace(loop, redis.port(), "b", options);
        ASSERT_TRUE(becomes_true([&] { return raw("PING") && answers(*a) && answers(*b); }));
    }
    bool answers(Instance& instance) { return value(instance.store, {"PING"}).has_value(); }
    std::string name_of(const char* kind, const std::string& text) {
        const std::string file = gateway::clip_file_name(gateway::digest_of(clip_key(text)));
        return std::string("mouthpiece:") + kind + ":" + file.substr(0, 64);
    }

    struct Asked {
        std::unique_ptr<speech::ClipStore::Lookup> lookup;
        std::optional<std::optional<audio::Clip>> answer;
    };
    std::unique_ptr<Asked> ask(Instance& instance, const std::string& text = "Hello.") {
        auto asked = std::make_unique<Asked>();
        asked->lookup = instance.clips.find(
            clip_key(text), [&asked = *asked](std::optional<audio::Clip> clip) { asked.answer = std::move(clip); });
        EXPECT_FALSE(asked->answer) << "answered from inside find()";
        return asked;
    }
    bool await(const Asked& asked) {
        return run_until(loop, [&] { return asked.answer.has_value(); });
    }
    std::optional<audio::Clip> find(Instance& instance, const std::string& text = "Hello.") {
        const auto asked = ask(instance, text);
        EXPECT_TRUE(await(*asked));
        return asked->answer.value_or(std::nullopt);
    }
    void settle(Instance& instance) { EXPECT_TRUE(answers(instance)); }  // answers come in order

    std::optional<Instance> a, b;
};

TEST_F(SharedClipsTest, one_instance_plays_what_another_has_put) {
    start();
    EXPECT_FALSE(find(*a));
    a->clips.put(clip_key("Hello."), test_clip(3'000));
    settle(*a);
    const auto heard = find(*b);
    ASSERT_TRUE(heard);
    EXPECT_EQ(bytes_of(*heard), bytes_of(test_clip(3'000)));
    EXPECT_EQ(a->counts.stored, 1u);
    EXPECT_EQ(b->counts.hits, 1u);
    EXPECT_GT(raw("TTL", name_of("clip", "Hello."))->number, 6 * 86'400);
    EXPECT_EQ(raw("EXISTS", name_of("claim", "Hello."))->number, 0) << "the claim has been let go";
}

TEST_F(SharedClipsTest, one_makes_it_and_the_others_wait_for_it) {
    start();
    EXPECT_FALSE(find(*a));
    const auto first = ask(*b), second = ask(*b);
    settle(*b);
    EXPECT_FALSE(first->answer);
    a->clips.put(clip_key("Hello."), test_clip(3'000));
    ASSERT_TRUE(await(*first) && await(*second));
    EXPECT_TRUE(*first->answer && *second->answer);
    EXPECT_EQ(b->counts.awaited, 2u);
}

TEST_F(SharedClipsTest, the_instance_that_makes_it_does_not_wait_for_itself) {
    start();
    EXPECT_FALSE(find(*a));
    EXPECT_FALSE(find(*a));
}

TEST_F(SharedClipsTest, who_waits_takes_over_when_it_was_not_made) {
    start();
    EXPECT_FALSE(find(*a));
    const auto waiting = ask(*b);
    settle(*b);
    a->clips.forgo(clip_key("Hello."));
    ASSERT_TRUE(await(*waiting));
    EXPECT_FALSE(*waiting->answer);
    EXPECT_TRUE(raw("GET", name_of("claim", "Hello."))->is_text("b"));
}

TEST_F(SharedClipsTest, nobody_waits_longer_than_a_while) {
    auto options = patient();
    options.wait_max = milliseconds(50);
    start(options);
    EXPECT_FALSE(find(*a));
    const auto before = net::Clock::now();
    EXPECT_FALSE(find(*b));
    EXPECT_LT(net::Clock::now() - before, std::chrono::seconds(10));
    a->clips.put(clip_key("Hello."), test_clip(300));
    settle(*a);
    EXPECT_TRUE(find(*b)) << "and it is found when it is there";
}

TEST_F(SharedClipsTest, a_claim_whose_owner_died_expires) {
    auto options = patient();
    options.claim = std::chrono::seconds(1);
    start(options);
    EXPECT_FALSE(find(*a));
    a.reset();
    EXPECT_FALSE(find(*b));
    EXPECT_TRUE(raw("GET", name_of("claim", "Hello."))->is_text("b"));
}

TEST_F(SharedClipsTest, a_lookup_that_nobody_waits_for_leaves_no_claim) {
    start();
    const auto asked = ask(*a);
    settle(*a);  // MGET is answered, SET is on its way
    asked->lookup.reset();
    settle(*a);
    settle(*a);
    EXPECT_FALSE(asked->answer);
    EXPECT_EQ(raw("EXISTS", name_of("claim", "Hello."))->number, 0);
}

TEST_F(SharedClipsTest, nothing_that_is_not_a_clip_is_heard) {
    start();
    const std::string name = name_of("clip", "Hello.");
    a->clips.put(clip_key("Hello."), test_clip(3'000));
    settle(*a);
    raw("SETRANGE", name, "2000", "x");
    EXPECT_FALSE(find(*b)) << "one byte is another";
    raw("SET", name, "short");
    EXPECT_FALSE(find(*b));
    raw("DEL", name);
    raw("RPUSH", name, "a list");
    EXPECT_FALSE(find(*b));
    EXPECT_EQ(b->counts.damaged, 2u);
    EXPECT_EQ(b->counts.hits, 0u);
}

TEST_F(SharedClipsTest, a_clip_of_another_text_is_not_believed) {
    start();
    a->clips.put(clip_key("Hello."), test_clip(3'000));
    settle(*a);
    raw("COPY", name_of("clip", "Hello."), name_of("clip", "Good bye."));
    EXPECT_FALSE(find(*b, "Good bye."));
}

TEST_F(SharedClipsTest, what_is_too_long_is_not_shared) {
    auto options = patient();
    options.clip_bytes_max = 1'000;
    start(options);
    EXPECT_FALSE(find(*a));
    a->clips.put(clip_key("Hello."), test_clip(1'001));
    settle(*a);
    EXPECT_FALSE(find(*b)) << "and nobody waits for it";
    EXPECT_EQ(a->counts.not_stored, 1u);
}

TEST_F(SharedClipsTest, a_purge_takes_all_clips_and_nothing_else) {
    start();
    for (int i = 0; i < 30; ++i) a->clips.put(clip_key(std::to_string(i)), test_clip(300));
    raw("SET", "somebody:else", "stays");
    settle(*a);
    a->clips.purge();
    ASSERT_TRUE(becomes_true([&] { return raw("DBSIZE")->number == 1; }));
    EXPECT_TRUE(raw("GET", "somebody:else")->is_text("stays"));
}

TEST_F(SharedClipsTest, without_redis_nothing_is_found_at_once_and_it_comes_back) {
    start();
    redis.kill();
    ASSERT_TRUE(becomes_true([&] { return !raw("PING"); }));
    EXPECT_FALSE(find(*a));
    a->clips.put(clip_key("Hello."), test_clip(300));
    redis.start();
    ASSERT_TRUE(becomes_true([&] { return answers(*a) && answers(*b); }));
    EXPECT_FALSE(find(*a));
    a->clips.put(clip_key("Hello."), test_clip(300));
    settle(*a);
    EXPECT_TRUE(find(*b));
}

TEST_F(SharedClipsTest, a_redis_that_does_not_answer_is_waited_for_only_so_long) {
    auto options = patient();
    options.answer_max = milliseconds(20);
    start(options);
    redis.freeze();
    const auto before = net::Clock::now();
    EXPECT_FALSE(find(*a));
    EXPECT_LT(net::Clock::now() - before, std::chrono::seconds(1)) << "20 ms, on a machine that has time";
    redis.thaw();
}

TEST_F(SharedClipsTest, a_full_redis_still_gives_what_it_has_and_is_told_of_once) {
    start();
    a->clips.put(clip_key("Hello."), test_clip(300));
    settle(*a);
    raw("CONFIG", "SET", "maxmemory", "1");
    test::LogRecorder log;
    for (int i = 0; i < 5; ++i) a->clips.put(clip_key(std::to_string(i)), test_clip(300));
    settle(*a);
    EXPECT_TRUE(find(*b));
    EXPECT_EQ(a->counts.not_stored, 5u);
    EXPECT_EQ(log.lines(), 1u) << log.text();
    EXPECT_NE(log.text().find("Redis fails use=clip_store reason=\"OOM"), std::string::npos) << log.text();
    raw("CONFIG", "SET", "maxmemory", "0");
    a->clips.put(clip_key("now"), test_clip(300));
    settle(*a);
    EXPECT_NE(log.text().find("Redis serves again use=clip_store"), std::string::npos) << log.text();
}

}  // namespace
