#include "gateway/clip_files.hpp"

#include "speech/cache.hpp"
#include "speech/recorded_source.hpp"
#include "tests/gateway/clip_fixture.hpp"
#include "tests/gateway/log_recorder.hpp"
#include "tests/gateway/speech_recorder.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <thread>

namespace {

using gateway::ClipFiles;
using gateway::ClipFilesDoor;
using test::clip_key;
using test::LogRecorder;
using test::test_clip;

class ClipFilesTest : public testing::Test {
protected:
    ClipFiles::Options options() { return {.directory = {.path = temporary / "clips"}}; }

    // What a lookup answers; it must answer.
    std::optional<audio::Clip> find(ClipFilesDoor& door, const std::string& text) {
        std::optional<std::optional<audio::Clip>> answer;
        const auto lookup =
            door.find(clip_key(text), [&](std::optional<audio::Clip> clip) { answer = std::move(clip); });
        EXPECT_FALSE(answer) << "answered from inside find()";
        EXPECT_TRUE(test::run_until(loop, [&] { return answer.has_value(); }));
        return answer.value_or(std::nullopt);
    }

    test::TemporaryDirectory temporary;
    net::EventLoop loop;
};

TEST_F(ClipFilesTest, finds_what_was_put_also_in_the_next_process) {
    const auto clip = test_clip(3'000);
    {
        ClipFiles files(options());
        ClipFilesDoor door(loop, files);
        door.put(clip_key("Hello."), clip);
        files.settle();
        EXPECT_EQ(files.figures().directory.stored, 1u);
    }
    ClipFiles files(options());
    ClipFilesDoor door(loop, files);
    const auto found = find(door, "Hello.");
    ASSERT_TRUE(found);
    EXPECT_EQ(test::bytes_of(*found), test::bytes_of(clip));
    EXPECT_FALSE(find(door, "Good bye."));
}

TEST_F(ClipFilesTest, writes_what_waits_before_it_ends) {
    {
        ClipFiles files(options());
        ClipFilesDoor door(loop, files);
        for (int i = 0; i < 50; ++i) door.put(clip_key(std::to_string(i)), test_clip(1'000));
    }
    EXPECT_EQ(test::names_in(temporary / "clips").size(), 50u);
}

TEST_F(ClipFilesTest, says_nothing_to_who_has_lost_interest) {
    ClipFiles files(options());
    ClipFilesDoor door(loop, files);
    door.put(clip_key("Hello."), test_clip(100));
    files.settle();
    bool answered = false;
    door.find(clip_key("Hello."), [&](auto) { answered = true; }).reset();
    ASSERT_TRUE(find(door, "Hello."));  // asked later, so answered later
    EXPECT_FALSE(answered);
}

TEST_F(ClipFilesTest, lets_the_answer_destroy_the_lookup) {
    ClipFiles files(options());
    ClipFilesDoor door(loop, files);
    std::unique_ptr<speech::ClipStore::Lookup> lookup;
    bool answered = false;
    lookup = door.find(clip_key("Hello."), [&](auto) {
        lookup.reset();
        answered = true;
    });
    EXPECT_TRUE(test::run_until(loop, [&] { return answered; }));
}

TEST_F(ClipFilesTest, survives_a_loop_that_goes_while_the_disk_is_asked) {
    ClipFiles files(options());
    for (int i = 0; i < 100; ++i) {
        net::EventLoop short_lived;
        ClipFilesDoor door(short_lived, files);
        const auto lookup = door.find(clip_key("Hello."), [](auto) { ADD_FAILURE() << "the loop never ran"; });
    }
    files.settle();
    EXPECT_EQ(files.figures().directory.misses, 100u);
}

TEST_F(ClipFilesTest, does_not_wait_long_for_a_disk_that_hangs) {
    ClipFiles files(options());
    ClipFilesDoor door(loop, files, {.lookup_max = std::chrono::milliseconds(1)});
    door.put(clip_key("Hello."), test_clip(1'900'000));
    files.settle();
    // Many large reads in front of it: the last ones cannot be served within a millisecond.
    std::vector<std::unique_ptr<speech::ClipStore::Lookup>> lookups;
    int answers = 0, misses = 0;
    for (int i = 0; i < 200; ++i) {
        lookups.push_back(door.find(clip_key("Hello."), [&](std::optional<audio::Clip> clip) {
            ++answers;
            misses += clip ? 0 : 1;
        }));
    }
    EXPECT_TRUE(test::run_until(loop, [&] { return answers == 200; }));
    EXPECT_GT(misses, 0);
    EXPECT_EQ(files.figures().passed_over, 0u);
    files.settle();
    loop.settle();
    EXPECT_EQ(answers, 200) << "a late answer must not be a second one";
}

TEST_F(ClipFilesTest, passes_over_what_does_not_fit_the_queue_and_counts_it) {
    auto small = options();
    small.store_bytes_max = 1'000;
    ClipFiles files(small);
    ClipFilesDoor door(loop, files);
    door.put(clip_key("Too long."), test_clip(1'001));
    door.put(clip_key("Short."), test_clip(1'000));
    files.settle();
    EXPECT_EQ(files.figures().passed_over, 1u);
    EXPECT_EQ(files.figures().directory.stored, 1u);
    EXPECT_FALSE(find(door, "Too long."));
}

TEST_F(ClipFilesTest, goes_on_without_a_disk_and_says_so_once) {
    test::write_file(temporary / "clips", "a file where the directory should be");
    LogRecorder log;
    ClipFiles files(options());
    ClipFilesDoor door(loop, files);
    for (int i = 0; i < 10; ++i) door.put(clip_key("Hello."), test_clip(100));
    EXPECT_FALSE(find(door, "Hello."));
    files.settle();
    EXPECT_EQ(files.figures().directory.not_stored, 10u);
    EXPECT_EQ(log.lines(), 1u) << log.text();

    std::filesystem::remove(temporary / "clips");
    door.put(clip_key("Hello."), test_clip(100));
    files.settle();
    EXPECT_TRUE(find(door, "Hello."));
    EXPECT_EQ(log.lines(), 2u) << log.text();
    EXPECT_EQ(log.text().find("Hello"), std::string::npos);
}

TEST_F(ClipFilesTest, purges_what_was_put_before_and_keeps_what_comes_after) {
    ClipFiles files(options());
    ClipFilesDoor door(loop, files);
    door.put(clip_key("Before."), test_clip(100));
    door.purge();
    door.put(clip_key("After."), test_clip(100));
    files.settle();
    EXPECT_FALSE(find(door, "Before."));
    EXPECT_TRUE(find(door, "After."));
}

TEST_F(ClipFilesTest, serves_several_loops_at_once) {
    ClipFiles files(options());
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (unsigned thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&files, &wrong, thread] {
            net::EventLoop own;
            ClipFilesDoor door(own, files);
            for (unsigned i = 0; i < 50; ++i) {
                const auto key = clip_key(std::to_string(i % 10));
                door.put(key, test_clip(500, i % 10));
                bool answered = false;
                const auto lookup = door.find(key, [&](std::optional<audio::Clip> clip) {
                    answered = true;
                    if (clip && test::bytes_of(*clip) != test::bytes_of(test_clip(500, i % 10))) ++wrong;
                });
                if (!test::run_until(own, [&] { return answered; })) ++wrong;
                if (thread == 0 && i % 10 == 0) door.purge();
            }
        });
    }
    threads.clear();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(files.figures().directory.damaged, 0u);
}

// The chain's cache in front of it: the second process plays the first one's bytes without asking anybody.
TEST_F(ClipFilesTest, lets_a_new_process_play_what_the_last_one_said) {
    struct Source final : speech::SpeechSource {
        explicit Source(gateway::LoopTimers& its_timers) : timers(its_timers) {}
        std::unique_ptr<speech::Utterance> say(const speech::Request&, speech::Listener& listener) override {
            ++asked;
            return speech::play_clip(test_clip(2'000, 5), timers, listener);
        }
        gateway::LoopTimers& timers;
        int asked = 0;
    };
    gateway::LoopTimers timers(loop);
    Source source(timers);
    std::string heard[2];
    for (std::string& one : heard) {
        ClipFiles files(options());
        ClipFilesDoor door(loop, files);
        speech::ClipMemory memory({});
        speech::CachedSource cache("elevenlabs", memory, &door, source, timers);
        test::SpeechRecorder recorder;
        const auto utterance = cache.say(test::speech_request("Hello."), recorder);
        ASSERT_TRUE(test::run_until(loop, [&] { return recorder.ended(); }));
        one = recorder.heard;
        files.settle();
    }
    EXPECT_EQ(source.asked, 1);
    EXPECT_EQ(heard[0].size(), 2'000u);
    EXPECT_EQ(heard[0], heard[1]);
}

}  // namespace
