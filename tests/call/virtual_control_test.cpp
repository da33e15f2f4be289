#include "virtual_call.hpp"

#include <gtest/gtest.h>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::AfterSpeech;
using call::Outcome;

using Actions = std::vector<std::string>;

std::vector<std::byte> joined(std::vector<std::byte> first, const std::vector<std::byte>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

TEST(VirtualCall, what_is_said_next_is_prepared_meanwhile_and_follows_without_a_gap) {
    VirtualCall call({.after_speech = AfterSpeech::hang_up});
    call.script("greeting", {.chunks = {{500ms, 16001}}, .end_after = 600ms});
    call.script("second", {.chunks = {{400ms, 8000}}, .end_after = 400ms});
    call.start();
    call.run_for(0us);
    EXPECT_TRUE(call.say("second"));
    EXPECT_EQ(call.actions, Actions{"start greeting"});
    call.run_for(600ms);
    EXPECT_EQ(call.actions, (Actions{"start greeting", "mark", "start second", "mark"}));
    call.run_for(10s);
    EXPECT_EQ(call.heard(), joined(call.voice("greeting"), call.voice("second")));
    EXPECT_TRUE(call.ear.gaps().empty());
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

TEST(VirtualCall, saying_something_takes_back_that_all_was_heard) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.script("second", whole(8000));
    call.start();
    call.run_for(5s);
    EXPECT_TRUE(call.say("second"));
    call.run_for(500ms);
    call.stop();
    call.run_for(1s);
    EXPECT_EQ(call.closed->outcome, Outcome::caller_hung_up);
}

TEST(VirtualCall, clear_drops_what_was_not_heard) {
    VirtualCall call({.delay = 25ms});
    call.script("greeting", {.chunks = {{0ms, 40000}}, .end_after = std::nullopt});
    call.start();
    call.run_for(1025ms + 25ms);
    call.clear();
    EXPECT_EQ(call.actions, (Actions{"start greeting", "mark", "mark", "stop", "clear"}));
    call.run_for(10s);
    // One second by our plan, and what was played while `clear` was on its way.
    const auto heard = call.heard();
    EXPECT_EQ(audio::duration_of(heard.size()), 1025ms);
    EXPECT_TRUE(std::equal(heard.begin(), heard.end(), call.voice("greeting").begin()));
    // The echo of the flushed mark proves nothing; our reckoning stands, one pipe's delay ahead of the truth.
    EXPECT_EQ(call.session().totals().heard, 1025ms);
    EXPECT_EQ(call.session().totals().sent, 2800ms);
    call.stop();
    call.run_for(1s);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

TEST(VirtualCall, clear_with_nothing_unheard_sends_nothing) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.start();
    call.run_for(5s);
    call.clear();
    EXPECT_EQ(call.ear.clears(), 0U);
}

TEST(VirtualCall, an_interruption_drops_the_queue_and_speaks_at_once) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {{0ms, 40000}}, .end_after = std::nullopt});
    call.script("queued", whole(8000));
    call.script("urgent", whole(8000));
    call.start();
    call.run_for(1s);
    EXPECT_TRUE(call.say("queued"));
    EXPECT_TRUE(call.say("urgent", true));
    EXPECT_EQ(call.actions, (Actions{"start greeting", "mark", "mark", "stop", "clear", "start urgent"}));
    call.run_for(10s);
    auto expected = call.voice("greeting");
    expected.resize(8000);
    EXPECT_EQ(call.heard(), joined(expected, call.voice("urgent")));
}

TEST(VirtualCall, an_interruption_before_the_first_word_leaves_no_trace_of_it) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {{1000ms, 40000}}, .end_after = 1000ms});
    call.script("urgent", whole(8000));
    call.start();
    call.run_for(500ms);
    call.say("urgent", true);
    call.run_for(10s);
    EXPECT_EQ(call.actions, (Actions{"start greeting", "stop", "start urgent", "mark"}));
    EXPECT_EQ(call.heard(), call.voice("urgent"));
}

TEST(VirtualCall, one_utterance_failing_does_not_silence_the_next) {
    VirtualCall call({.after_speech = AfterSpeech::hang_up});
    call.script("greeting", {.chunks = {}, .end_after = 300ms, .fails = true});
    call.script("second", whole(8000));
    call.start();
    call.run_for(0us);
    call.say("second");
    call.run_for(10s);
    EXPECT_EQ(call.heard(), call.voice("second"));
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::speech_failed);
}

TEST(VirtualCall, a_full_queue_stops_the_speech_and_plays_what_there_is) {
    VirtualCall call({.session = {.playout = {.queue_bytes_max = 30'000}}});
    call.script("greeting", {.chunks = {{0ms, 40'000 - 24'000}, {1ms, 20'000}, {2ms, 20'000}}, .end_after = 1s});
    call.start();
    call.run_for(20s);
    EXPECT_EQ(call.actions[1], "mark");
    EXPECT_TRUE(std::ranges::count(call.actions, "stop") == 1);
    EXPECT_EQ(call.session().totals().overflows, 1U);
    const auto heard = call.heard();
    EXPECT_EQ(heard.size(), 36'000U);
    EXPECT_TRUE(std::equal(heard.begin(), heard.end(), call.voice("greeting").begin()));
    call.stop();
    call.run_for(1s);
    EXPECT_EQ(call.closed->outcome, Outcome::speech_failed);
}

TEST(VirtualCall, too_much_waiting_is_refused) {
    VirtualCall call({.session = {.utterances = {.unfinished_max = 3}}});
    call.script("greeting", {.chunks = {}, .end_after = std::nullopt});
    EXPECT_FALSE(call.say("before the start"));
    call.start();
    call.run_for(0us);
    EXPECT_TRUE(call.say("one"));
    EXPECT_TRUE(call.say("two"));
    EXPECT_FALSE(call.say("three"));
    call.stop();
    call.run_for(0us);
    EXPECT_FALSE(call.say("after the end"));
}

}  // namespace
}  // namespace virtual_call
