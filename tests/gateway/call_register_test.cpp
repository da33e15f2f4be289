#include "gateway/call_register.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using gateway::CallRegister;
using gateway::CallState;

const gateway::Instant start{100s};

class CallRegisterTest : public testing::Test {
protected:
    void announce(const std::string& call_sid, gateway::Instant at = start) {
        calls.announced({.call_sid = call_sid,
                         .account_sid = "AC1",
                         .direction = "inbound",
                         .from = Secret("+1"),
                         .to = Secret("+2")},
                        at);
    }
    CallState state_of(const std::string& call_sid) { return calls.find(call_sid)->state; }

    CallRegister calls{{.ended_max = 3, .stream_wait = 60s, .waiting_max = 5, .moments_max = 2}};
};

TEST_F(CallRegisterTest, follows_a_call_from_its_announcement_to_its_end) {
    announce("CA1");
    EXPECT_EQ(state_of("CA1"), CallState::waiting);
    calls.opened("CA1", {.stream_sid = "MZ1", .loop = 3}, start + 1s);
    EXPECT_EQ(state_of("CA1"), CallState::open);
    EXPECT_EQ(calls.find("CA1")->loop, 3U);
    call::UtteranceRecord said{.id = 1, .text = Secret("a secret"), .heard = 2s};
    calls.closed("CA1", "MZ1",
                 {.outcome = call::Outcome::completed, .totals = {}, .digits = "12", .utterances = {said}}, start + 5s);
    const auto record = calls.find("CA1");
    EXPECT_EQ(record->state, CallState::ended);
    EXPECT_EQ(record->outcome, call::Outcome::completed);
    EXPECT_EQ(record->created_at, start);
    EXPECT_EQ(record->ended_at, start + 5s);
    EXPECT_EQ(record->from.reveal(), "+1");
    EXPECT_EQ(record->digits, "12");
    ASSERT_EQ(record->utterances.size(), 1U);
    EXPECT_EQ(record->utterances[0].heard, 2s);
    EXPECT_TRUE(record->utterances[0].text.empty());  // what was said is not kept longer than the call
}

TEST_F(CallRegisterTest, knows_nothing_of_other_calls) {
    EXPECT_FALSE(calls.find("CA1"));
    calls.closed("CA1", "MZ1", {}, start);
    EXPECT_FALSE(calls.find("CA1"));
}

TEST_F(CallRegisterTest, a_call_that_lost_its_stream_goes_on_with_the_next) {
    announce("CA1");
    calls.opened("CA1", {.stream_sid = "MZ1", .loop = 0}, start);
    calls.closed("CA1", "MZ1", {.outcome = call::Outcome::connection_lost}, start + 1s);
    announce("CA1", start + 2s);
    EXPECT_EQ(state_of("CA1"), CallState::waiting);
    calls.opened("CA1", {.stream_sid = "MZ2", .loop = 1}, start + 3s);
    EXPECT_FALSE(calls.find("CA1")->outcome);
    EXPECT_EQ(calls.list({}, 10).size(), 1U);
}

TEST_F(CallRegisterTest, a_half_dead_stream_does_not_end_the_call_that_has_a_new_one) {
    calls.opened("CA1", {.stream_sid = "MZ1", .loop = 0}, start);
    calls.opened("CA1", {.stream_sid = "MZ2", .loop = 1}, start + 1s);
    calls.closed("CA1", "MZ1", {}, start + 2s);
    EXPECT_EQ(state_of("CA1"), CallState::open);
    EXPECT_EQ(calls.find("CA1")->stream_sid, "MZ2");
}

TEST_F(CallRegisterTest, a_repeated_announcement_does_not_take_a_running_call_back) {
    calls.opened("CA1", {.stream_sid = "MZ1", .loop = 0}, start);
    announce("CA1", start + 1s);
    EXPECT_EQ(state_of("CA1"), CallState::open);
}

TEST_F(CallRegisterTest, a_stream_that_never_comes_is_waited_for_so_long_and_no_longer) {
    announce("CA1");
    announce("CA2", start + 59s);
    EXPECT_EQ(state_of("CA1"), CallState::waiting);
    announce("CA3", start + 60s);
    EXPECT_EQ(state_of("CA1"), CallState::ended);
    EXPECT_EQ(state_of("CA2"), CallState::waiting);
}

TEST_F(CallRegisterTest, remembers_a_bounded_number) {
    for (int i = 0; i < 100; ++i) announce("CA" + std::to_string(i), start + std::chrono::seconds(i % 2));
    EXPECT_EQ(calls.list(CallState::waiting, 1000).size(), 5U);
    EXPECT_EQ(calls.list(CallState::ended, 1000).size(), 3U);
    EXPECT_FALSE(calls.find("CA0"));
    EXPECT_EQ(state_of("CA99"), CallState::waiting);
}

TEST_F(CallRegisterTest, lists_the_latest_first_by_state) {
    announce("CA1", start);
    announce("CA2", start + 1s);
    announce("CA3", start + 2s);
    calls.opened("CA2", {.stream_sid = "MZ2", .loop = 0}, start + 3s);
    const auto all = calls.list({}, 2);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].call_sid, "CA3");
    EXPECT_EQ(all[1].call_sid, "CA2");
    const auto open = calls.list(CallState::open, 10);
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].call_sid, "CA2");
}

TEST_F(CallRegisterTest, takes_each_status_once_and_never_an_older_one) {
    using Told = CallRegister::Told;
    using twilio::CallStatus;
    announce("CA1");
    EXPECT_EQ(calls.status("CA1", CallStatus::ringing, 1, start), Told::news);
    EXPECT_EQ(calls.status("CA1", CallStatus::ringing, 1, start), Told::repeated);
    EXPECT_EQ(calls.status("CA1", CallStatus::initiated, 0, start), Told::outdated);
    EXPECT_EQ(calls.status("CA1", CallStatus::completed, 3, start), Told::news);
    EXPECT_EQ(calls.status("CA1", CallStatus::in_progress, 2, start), Told::outdated);
    EXPECT_EQ(calls.find("CA1")->status, CallStatus::completed);
}

TEST_F(CallRegisterTest, without_sequence_numbers_a_call_goes_one_way) {
    using Told = CallRegister::Told;
    using twilio::CallStatus;
    EXPECT_EQ(calls.status("CA1", CallStatus::in_progress, {}, start), Told::news);
    EXPECT_EQ(calls.status("CA1", CallStatus::ringing, {}, start), Told::outdated);
    EXPECT_EQ(calls.status("CA1", CallStatus::failed, {}, start), Told::news);
}

TEST_F(CallRegisterTest, a_call_nobody_answered_has_ended) {
    announce("CA1");
    calls.status("CA1", twilio::CallStatus::busy, 2, start + 1s);
    EXPECT_EQ(state_of("CA1"), CallState::ended);
    EXPECT_EQ(calls.status("CA2", twilio::CallStatus::busy, 2, start), CallRegister::Told::outdated);
    EXPECT_FALSE(calls.find("CA2"));
}

TEST_F(CallRegisterTest, a_status_that_comes_before_the_announcement_is_kept) {
    calls.status("CA1", twilio::CallStatus::initiated, 0, start);
    announce("CA1");
    EXPECT_EQ(calls.find("CA1")->status, twilio::CallStatus::initiated);
    EXPECT_EQ(calls.find("CA1")->to.reveal(), "+2");
}

TEST_F(CallRegisterTest, keeps_the_first_moments_of_a_call) {
    announce("CA1");
    using Kind = gateway::CallMoment::Kind;
    EXPECT_TRUE(calls.noted("CA1", {.kind = Kind::speech_asked, .at = start}));
    EXPECT_TRUE(calls.noted("CA1", {.kind = Kind::first_audio, .at = start + 1s, .what = "embedded_voice"}));
    EXPECT_FALSE(calls.noted("CA1", {.kind = Kind::digit, .at = start + 2s, .what = "1"})) << "two are kept here";
    EXPECT_TRUE(calls.noted("CA-unknown", {})) << "of nobody's interest, and no limit";
    const auto moments = calls.find("CA1")->moments;
    ASSERT_EQ(moments.size(), 2U);
    EXPECT_EQ(moments[1].kind, Kind::first_audio);
    EXPECT_EQ(moments[1].what, "embedded_voice");
}

}  // namespace
