// What is reported of each utterance: in order, once, and true to what the ear heard.
#include "virtual_call.hpp"

#include <gtest/gtest.h>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::AfterSpeech;
using call::Outcome;
using HangUp = call::StreamSession::HangUp;
using call::UtteranceState;

using Reports = std::vector<std::string>;

TEST(VirtualUtterances, each_is_spoken_and_heard_in_the_order_asked) {
    VirtualCall call({.delay = 20ms});
    call.script("greeting", whole(8000));
    call.script("second", whole(8000));
    call.start();
    call.run_for(100ms);
    EXPECT_TRUE(call.say("second"));
    call.run_for(0us);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "2 speaking"}));
    call.run_for(900ms);
    EXPECT_EQ(call.reports.size(), 2U);
    call.run_for(100ms);
    EXPECT_EQ(call.reports.back(), "1 heard");
    call.run_for(2s);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "2 speaking", "1 heard", "2 heard"}));
    const auto records = call.session().utterances();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[1].text.reveal(), "second");
    EXPECT_EQ(*records[1].begins_at - *records[0].begins_at, 1s);  // by the plan it follows without a gap
    EXPECT_EQ(records[1].sent, 1s);
    EXPECT_EQ(records[1].heard, 1s);
}

TEST(VirtualUtterances, one_that_is_longer_than_the_lead_is_heard_at_its_last_mark_only) {
    VirtualCall call({});
    call.script("greeting", whole(80'000));
    call.start();
    call.run_for(9'900ms);
    EXPECT_EQ(call.reports, Reports{"1 speaking"});
    EXPECT_GE(call.session().utterances()[0].heard, 8s);
    call.run_for(200ms);
    EXPECT_EQ(call.reports.back(), "1 heard");
}

TEST(VirtualUtterances, an_interruption_cancels_what_was_not_heard_and_keeps_how_far_it_was) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.script("second", whole(16000));
    call.script("third", whole(8000));
    call.script("urgent", whole(8000));
    call.start();
    call.run_for(0us);
    call.say("second");
    call.say("third");
    call.run_for(1500ms);
    call.say("urgent", true);
    const auto records = call.session().utterances();
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0].state, UtteranceState::heard);
    EXPECT_EQ(records[1].state, UtteranceState::cancelled);
    EXPECT_EQ(records[1].heard, 500ms);
    EXPECT_EQ(records[2].state, UtteranceState::cancelled);
    EXPECT_EQ(records[2].heard, 0ms);
    call.run_for(5s);
    EXPECT_EQ(call.reports.back(), "4 heard");
}

TEST(VirtualUtterances, the_echoes_that_a_clear_sets_off_do_not_make_anything_heard) {
    VirtualCall call({.delay = 50ms});
    call.script("greeting", whole(40'000));
    call.start();
    call.run_for(500ms);
    call.clear();
    call.run_for(5s);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "1 cancelled"}));
}

TEST(VirtualUtterances, failing_is_reported_at_once_and_what_there_was_is_still_heard) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {{0ms, 16000}}, .end_after = 100ms, .fails = true});
    call.script("second", whole(8000));
    call.start();
    call.run_for(200ms);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "1 failed"}));
    call.mark("behind it");
    call.say("second");
    call.run_for(10s);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "1 failed", "3 speaking", "2 heard", "3 heard"}));
    EXPECT_EQ(call.session().utterances()[0].heard, 2s);
}

TEST(VirtualUtterances, without_a_byte_of_audio_it_has_failed) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.script("empty", whole(0));
    call.start();
    call.run_for(100ms);
    call.say("empty");
    call.run_for(5s);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "2 failed", "1 heard"}));
    EXPECT_FALSE(call.closed);
}

TEST(VirtualUtterances, a_mark_is_heard_when_everything_before_it_is) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.script("second", whole(8000));
    call.start();
    call.run_for(0us);
    EXPECT_TRUE(call.mark("between"));
    call.say("second");
    EXPECT_TRUE(call.mark("end"));
    call.run_for(900ms);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "3 speaking"}));
    call.run_for(200ms);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "3 speaking", "1 heard", "2 heard"}));
    call.run_for(5s);
    EXPECT_TRUE(call.mark("at once"));
    EXPECT_EQ(call.reports.back(), "5 heard");
}

TEST(VirtualUtterances, a_peer_that_echoes_no_marks_has_heard_after_a_while) {
    VirtualCall call({.session = {.mark_patience = 3s}, .echo_marks = false});
    call.script("greeting", whole(8000));
    call.start();
    call.run_for(3900ms);
    EXPECT_EQ(call.reports, Reports{"1 speaking"});
    call.run_for(200ms);
    EXPECT_EQ(call.reports.back(), "1 heard");
}

TEST(VirtualUtterances, the_end_of_the_call_cancels_the_rest_before_it_closes) {
    VirtualCall call({});
    call.script("greeting", whole(40'000));
    call.script("never", whole(8000));
    call.start();
    call.run_for(2500ms);
    call.say("never");
    call.stop();
    call.run_for(0us);
    EXPECT_EQ(call.reports, (Reports{"1 speaking", "1 cancelled", "2 cancelled"}));
    EXPECT_EQ(call.actions.back(), "close");
    EXPECT_EQ(call.session().utterances()[0].heard, 2400ms);  // as far as a mark proves it
}

TEST(VirtualUtterances, finished_ones_are_forgotten_and_many_may_follow) {
    VirtualCall call({.session = {.utterances = {.unfinished_max = 2, .finished_kept_max = 3}}});
    call.script("greeting", whole(1600));
    call.start();
    for (int i = 0; i < 100; ++i) {
        call.run_for(300ms);
        EXPECT_TRUE(call.say("greeting"));
    }
    call.run_for(1s);
    EXPECT_EQ(call.session().utterances().size(), 3U);
    EXPECT_EQ(call.session().utterances().back().id, 101U);
    EXPECT_EQ(call.reports.size(), 202U);
}

TEST(VirtualUtterances, a_queue_of_utterances_that_wait_to_be_heard_is_bounded_too) {
    VirtualCall call({.session = {.utterances = {.unfinished_max = 4}}});
    call.script("greeting", whole(160));
    call.start();
    call.run_for(0us);
    EXPECT_TRUE(call.say("greeting"));
    EXPECT_TRUE(call.say("greeting"));
    EXPECT_TRUE(call.mark("end"));
    EXPECT_FALSE(call.say("greeting"));
    EXPECT_FALSE(call.mark("end"));
    EXPECT_TRUE(call.say("greeting", true));
}

TEST(VirtualHangUp, at_once_closes_with_its_own_outcome) {
    VirtualCall call({});
    call.script("greeting", whole(40'000));
    call.start();
    call.run_for(1s);
    call.hang_up(HangUp::now);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::hung_up);
    EXPECT_EQ(call.closed->close_code, 1000);
    EXPECT_EQ(call.reports.back(), "1 cancelled");
}

TEST(VirtualHangUp, after_speech_waits_for_the_last_word) {
    VirtualCall call({});
    call.script("greeting", whole(16'000));
    call.start();
    call.run_for(1s);
    call.hang_up(HangUp::after_speech);
    EXPECT_FALSE(call.closed);
    call.run_for(2s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
}

TEST(VirtualHangUp, after_speech_that_failed_still_hangs_up_as_told) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {}, .end_after = 500ms, .fails = true});
    call.start();
    call.run_for(100ms);
    call.hang_up(HangUp::after_speech);
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::hung_up);  // not an ending after which the call is connected again
}

TEST(VirtualHangUp, on_a_silent_line_it_is_over_at_once) {
    VirtualCall call({});
    call.script("greeting", whole(8000));
    call.start();
    call.run_for(5s);
    call.hang_up(HangUp::after_speech);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

TEST(VirtualDigits, are_reported_and_the_latest_kept) {
    VirtualCall call({.session = {.digits_kept_max = 3}});
    call.script("greeting", whole(8000));
    call.start();
    call.run_for(0us);
    call.reports.clear();
    for (const char key : {'1', '2', '#', '9'}) {
        call.receive(twilio::Dtmf{.stream_sid = "MZ1", .digit = key});
        call.run_for(0us);
    }
    EXPECT_EQ(call.reports, (Reports{"key 1", "key 2", "key #", "key 9"}));
    EXPECT_EQ(call.session().digits(), "2#9");
}

}  // namespace
}  // namespace virtual_call
