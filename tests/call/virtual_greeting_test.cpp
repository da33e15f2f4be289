#include "virtual_call.hpp"

#include <gtest/gtest.h>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::AfterSpeech;
using call::Outcome;

constexpr std::size_t five_seconds = 5 * 8000;

// Chunks of `bytes` every `period`, until `total`.
Script steady(std::size_t total, std::size_t bytes, milliseconds period, milliseconds first = 0ms) {
    Script script;
    milliseconds after = first;
    for (std::size_t made = 0; made < total; made += bytes, after += period)
        script.chunks.push_back({after, std::min(bytes, total - made)});
    script.end_after = after;
    return script;
}

TEST(VirtualCall, greeting_is_heard_whole_and_without_a_gap) {
    VirtualCall call({.delay = 40ms, .jitter = 30ms});
    call.script("greeting", steady(five_seconds + 77, 1234, 60ms, 225ms));
    call.start();
    call.run_for(10s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_TRUE(call.ear.gaps().empty());
    EXPECT_FALSE(call.closed);
    const auto totals = call.session().totals();
    EXPECT_EQ(totals.heard, totals.sent);
    EXPECT_EQ(totals.underruns, 0U);
    EXPECT_EQ(totals.start_to_first_media, 225ms);

    call.stop();
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
    EXPECT_EQ(call.closed->close_code, 1000);
}

TEST(VirtualCall, audio_that_waits_leaves_with_the_start) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(0us);
    EXPECT_EQ(call.session().totals().start_to_first_media, 0us);
    EXPECT_EQ(call.session().totals().sent, 2s);
}

TEST(VirtualCall, hanging_up_waits_until_the_last_word_was_heard) {
    VirtualCall call({.after_speech = AfterSpeech::hang_up, .delay = 50ms});
    call.script("greeting", whole(five_seconds));
    const auto begin = call.clock.now();
    call.start();
    call.run_for(20s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
    EXPECT_EQ(call.closed->close_code, 1000);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    // There, played, and the mark's way back: three passages of the pipe and the audio.
    EXPECT_EQ(call.closed_at - begin, 5s + 3 * 50ms);
}

TEST(VirtualCall, hanging_up_does_not_wait_for_ever_for_a_mark) {
    VirtualCall call({.after_speech = AfterSpeech::hang_up, .echo_marks = false});
    call.script("greeting", whole(five_seconds));
    const auto begin = call.clock.now();
    call.start();
    call.run_for(1min);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
    EXPECT_EQ(call.closed_at - begin, 5s + 5s);
    EXPECT_EQ(call.session().totals().heard, 0us);
}

TEST(VirtualCall, staying_on_does_not_spin_when_a_mark_is_missing) {
    VirtualCall call({.echo_marks = false});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(1min);
    EXPECT_GT(call.session().next_deadline(), call.clock.now());
    call.stop();
    call.run_for(1s);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

TEST(VirtualCall, nothing_to_say_with_hang_up_ends_at_once) {
    VirtualCall call({.after_speech = AfterSpeech::hang_up, .text = ""});
    call.start();
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
    EXPECT_EQ(call.actions, std::vector<std::string>{"close"});
}

TEST(VirtualCall, late_timers_do_not_gap_with_the_default_lead) {
    VirtualCall call({.timer_late_max = 30ms});
    call.script("greeting", whole(60 * 8000));
    call.start();
    call.run_for(70s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_TRUE(call.ear.gaps().empty());
    EXPECT_EQ(call.session().totals().underruns, 0U);
}

TEST(VirtualCall, late_timers_do_not_gap_with_a_short_lead) {
    VirtualCall call({.session = {.playout = {.lead = 100ms}}, .timer_late_max = 3ms});
    call.script("greeting", whole(60 * 8000));
    call.start();
    call.run_for(70s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_TRUE(call.ear.gaps().empty());
    EXPECT_LE(call.ear.buffered_max(), audio::bytes_in(100ms));
}

TEST(VirtualCall, few_messages_are_sent_for_many_chunks) {
    VirtualCall call({});
    call.script("greeting", steady(60 * 8000, 160, 10ms));  // twice as fast as it is heard
    call.start();
    call.run_for(70s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_TRUE(call.ear.gaps().empty());
    EXPECT_LT(call.media_bytes.size(), 60 * 5 / 2 + 100 + 2);  // 400 ms each, after the first second went as it came
}

TEST(VirtualCall, speech_that_stalls_and_resumes_is_heard_whole_with_one_gap) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {{0ms, 8000}, {1800ms, 16000}}, .end_after = 1800ms});
    call.start();
    call.run_for(10s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_EQ(call.ear.gaps(), std::vector<microseconds>{800ms});
    const auto totals = call.session().totals();
    EXPECT_EQ(totals.underruns, 1U);
    EXPECT_EQ(totals.silence, 800ms);
    EXPECT_LE(call.ear.buffered_max(), audio::bytes_in(2s));
}

TEST(VirtualCall, speech_that_fails_before_a_word_hands_the_call_back) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {}, .end_after = 300ms, .fails = true});
    call.start();
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::speech_failed);
    EXPECT_EQ(call.closed->close_code, 1011);
}

TEST(VirtualCall, an_empty_utterance_is_a_failure) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {}, .end_after = 300ms});
    call.start();
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::speech_failed);
}

TEST(VirtualCall, speech_that_fails_halfway_is_played_as_far_as_it_goes) {
    for (const auto after : {AfterSpeech::stay, AfterSpeech::hang_up}) {
        VirtualCall call({.after_speech = after});
        call.script("greeting", {.chunks = {{0ms, 9000}}, .end_after = 100ms, .fails = true});
        call.start();
        call.run_for(10s);
        EXPECT_EQ(call.heard(), call.voice("greeting"));
        EXPECT_EQ(call.closed.has_value(), after == AfterSpeech::hang_up);
        call.stop();
        call.run_for(1s);
        EXPECT_EQ(call.closed->outcome, Outcome::speech_failed);
        EXPECT_EQ(call.closed->close_code, after == AfterSpeech::hang_up ? 1011 : 1000);
    }
}

}  // namespace
}  // namespace virtual_call
