#include "virtual_call.hpp"

#include <gtest/gtest.h>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::Outcome;

constexpr std::size_t five_seconds = 5 * 8000;

TEST(VirtualCall, caller_who_hangs_up_early_stops_the_speech) {
    VirtualCall call({.delay = 20ms});
    call.script("greeting", {.chunks = {{0ms, 8000}, {3000ms, 8000}}, .end_after = 3000ms});
    call.start();
    call.run_for(500ms);
    call.stop();
    call.run_for(10s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::caller_hung_up);
    EXPECT_EQ(call.actions, (std::vector<std::string>{"start greeting", "mark", "stop", "close"}));
    EXPECT_EQ(call.session().next_deadline(), std::nullopt);
}

TEST(VirtualCall, a_lost_connection_is_told_from_a_hang_up) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(1s);
    call.lose_connection();
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::connection_lost);
}

TEST(VirtualCall, a_connection_lost_after_the_last_word_is_a_completed_call) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(6s);
    call.lose_connection();
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

TEST(VirtualCall, the_first_reason_to_end_stands) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(1s);
    call.stop();
    call.run_for(0us);
    call.lose_connection();
    call.shut_down();
    EXPECT_EQ(call.closed->outcome, Outcome::caller_hung_up);
    EXPECT_EQ(std::ranges::count(call.actions, "close"), 1);
}

TEST(VirtualCall, a_refused_stream_hears_nothing_and_costs_nothing) {
    VirtualCall call({.refuse = true});
    call.start();
    call.run_for(1s);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::refused);
    EXPECT_EQ(call.closed->close_code, 1008);
    EXPECT_EQ(call.actions, std::vector<std::string>{"close"});
}

TEST(VirtualCall, a_silent_peer_is_not_waited_for) {
    VirtualCall call({});
    const auto begin = call.clock.now();
    call.run_for(1min);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::timed_out);
    EXPECT_EQ(call.closed->close_code, 1008);
    EXPECT_EQ(call.closed_at - begin, 10s);
}

TEST(VirtualCall, the_longest_call_ends) {
    VirtualCall call({.session = {.call_duration_max = 60s}});
    call.script("greeting", whole(five_seconds));
    call.run_for(2s);
    const auto begin = call.clock.now();
    call.start();
    call.run_for(5min);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::timed_out);
    EXPECT_EQ(call.closed->close_code, 1000);
    EXPECT_EQ(call.closed_at - begin, 60s);
}

TEST(VirtualCall, a_shutdown_stops_speech_and_goes_away) {
    VirtualCall call({});
    call.script("greeting", {.chunks = {{0ms, 8000}}, .end_after = std::nullopt});
    call.start();
    call.run_for(1s);
    call.shut_down();
    EXPECT_EQ(call.closed->outcome, Outcome::shut_down);
    EXPECT_EQ(call.closed->close_code, 1001);
    EXPECT_EQ(call.actions, (std::vector<std::string>{"start greeting", "mark", "stop", "close"}));
}

TEST(VirtualCall, a_second_start_is_ignored) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(1s);
    call.start("MZ2");
    call.run_for(9s);
    EXPECT_EQ(call.heard(), call.voice("greeting"));
    EXPECT_EQ(call.session().stream_sid(), "MZ1");
    EXPECT_EQ(call.session().totals().ignored, 1U);
}

TEST(VirtualCall, a_foreign_stream_cannot_end_or_mark_ours) {
    VirtualCall call({.after_speech = call::AfterSpeech::hang_up, .echo_marks = false});
    call.script("greeting", whole(8000));
    call.start();
    call.run_for(2s);
    call.receive(twilio::Stopped{.stream_sid = "MZ2", .call_sid = "CA1"});
    call.receive(twilio::Mark{.stream_sid = "MZ2", .name = "0.1000"});
    call.run_for(1s);
    EXPECT_FALSE(call.closed);
    EXPECT_EQ(call.session().totals().ignored, 2U);
    call.receive(twilio::Mark{.stream_sid = "", .name = "0.1000"});  // left out: ours
    call.run_for(0us);
    ASSERT_TRUE(call.closed);
    EXPECT_EQ(call.closed->outcome, Outcome::completed);
}

}  // namespace
}  // namespace virtual_call
