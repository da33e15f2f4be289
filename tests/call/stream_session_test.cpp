#include "call/stream_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace call {
namespace {

using namespace std::chrono_literals;
using twilio::ParseError;

constexpr Instant opened{std::chrono::hours{1}};

twilio::Started started() {
    return {.stream_sid = "MZ1",
            .call_sid = "CA1",
            .account_sid = "AC1",
            .encoding = "audio/x-mulaw",
            .custom_parameters = {}};
}

// The actions a session has in store, the close among them.
struct Drained {
    std::size_t actions = 0;
    std::optional<CloseStream> close;
};

Drained drain(StreamSession& session) {
    Drained drained;
    while (const auto action = session.next_action()) {
        if (!std::holds_alternative<ReportUtterance>(*action)) ++drained.actions;
        if (const auto* close = std::get_if<CloseStream>(&*action)) drained.close = *close;
    }
    return drained;
}

void expect_closed(StreamSession& session, Outcome outcome, int code) {
    const auto drained = drain(session);
    ASSERT_TRUE(drained.close);
    EXPECT_EQ(drained.close->outcome, outcome);
    EXPECT_EQ(drained.close->close_code, code);
    EXPECT_EQ(session.outcome(), outcome);
    EXPECT_FALSE(session.next_action());
    EXPECT_FALSE(session.next_deadline());
}

StreamSession running(StreamSession::Options options = {}) {
    StreamSession session(options, opened);
    session.on(started(), opened);
    drain(session);
    CallPlan plan;
    plan.speech.text = Secret("Hello.");
    session.on_authorised(plan, opened);
    drain(session);
    return session;
}

TEST(StreamSession, asks_for_authority_with_what_the_start_said) {
    StreamSession session({}, opened);
    session.on(twilio::Connected{}, opened);
    EXPECT_FALSE(session.next_action());
    auto start = started();
    start.custom_parameters = {{"token", "t"}};
    session.on(start, opened);
    const auto action = session.next_action();
    ASSERT_TRUE(action && std::holds_alternative<Authorise>(*action));
    EXPECT_EQ(std::get<Authorise>(*action).started.custom_parameters, start.custom_parameters);
    EXPECT_EQ(session.stream_sid(), "MZ1");
    EXPECT_EQ(session.call_sid(), "CA1");
    EXPECT_EQ(session.account_sid(), "AC1");
    EXPECT_FALSE(session.next_action());
}

TEST(StreamSession, says_nothing_before_it_is_authorised) {
    StreamSession session({}, opened);
    session.on(started(), opened);
    drain(session);
    const auto said = session.say({.text = Secret("Hi.")}, StreamSession::SayMode::queue, opened);
    EXPECT_EQ(said.error(), StreamSession::Refused::not_open);
    EXPECT_EQ(session.mark("m", opened).error(), StreamSession::Refused::not_open);
    EXPECT_FALSE(session.clear(opened));
    EXPECT_FALSE(session.hang_up(StreamSession::HangUp::now, opened));
    session.on_audio(audio::Clip(std::vector<std::byte>(8000)), opened);
    EXPECT_FALSE(session.next_action());
    session.on_refused(opened);
    expect_closed(session, Outcome::refused, 1008);
    session.on_authorised({}, opened);  // too late
    EXPECT_FALSE(session.next_action());
}

TEST(StreamSession, starts_the_speech_that_was_planned) {
    StreamSession session({}, opened);
    session.on(started(), opened);
    drain(session);
    CallPlan plan;
    plan.speech.text = Secret("Hello.");
    plan.speech.voice.id = "v";
    session.on_authorised(plan, opened);
    const auto action = session.next_action();
    ASSERT_TRUE(action && std::holds_alternative<StartSpeech>(*action));
    EXPECT_EQ(std::get<StartSpeech>(*action).request.text.reveal(), "Hello.");
    EXPECT_EQ(std::get<StartSpeech>(*action).request.voice.id, "v");
}

TEST(StreamSession, tolerates_a_few_messages_before_the_start) {
    StreamSession session({}, opened);
    session.on(twilio::Connected{}, opened);
    for (int i = 0; i < 20; ++i) session.on(twilio::Unknown{"hello"}, opened);
    EXPECT_FALSE(session.outcome());
    EXPECT_EQ(session.totals().ignored, 20U);
    session.on(twilio::Connected{}, opened);  // a second one is a fault
    expect_closed(session, Outcome::protocol_error, 1008);
}

TEST(StreamSession, early_media_and_stop_are_not_obeyed) {
    StreamSession session({}, opened);
    session.on(twilio::Media{.stream_sid = "MZ1", .track = {}, .payload_base64 = "AAAA"}, opened);
    session.on(twilio::Stopped{.stream_sid = "MZ1", .call_sid = "CA1"}, opened);
    EXPECT_FALSE(session.outcome());
    EXPECT_EQ(session.totals().media_in, 0U);
    EXPECT_EQ(session.totals().ignored, 2U);
}

TEST(StreamSession, closes_on_what_is_not_json_or_not_text_before_the_start) {
    StreamSession text({}, opened);
    text.on_unreadable(ParseError::not_json, opened);
    expect_closed(text, Outcome::protocol_error, 1007);
    StreamSession binary({}, opened);
    binary.on_binary(opened);
    expect_closed(binary, Outcome::protocol_error, 1003);
    StreamSession fields({}, opened);
    fields.on_unreadable(ParseError::missing_field, opened);
    EXPECT_FALSE(fields.outcome());
}

TEST(StreamSession, a_running_call_outlives_faulty_messages_up_to_a_bound) {
    auto session = running({.ignored_max = 4});
    session.on_unreadable(ParseError::not_json, opened);
    session.on_binary(opened);
    session.on(started(), opened);
    session.on(twilio::Media{.stream_sid = "MZ2", .track = {}, .payload_base64 = "AAAA"}, opened);
    EXPECT_FALSE(session.outcome());
    EXPECT_EQ(session.totals().ignored, 4U);
    session.on_binary(opened);
    expect_closed(session, Outcome::protocol_error, 1008);
}

TEST(StreamSession, events_it_does_not_know_are_no_fault) {
    auto session = running({.ignored_max = 4});
    for (int i = 0; i < 100; ++i) session.on(twilio::Unknown{"new"}, opened);
    EXPECT_FALSE(session.outcome());
    EXPECT_EQ(session.totals().ignored, 0U);
}

TEST(StreamSession, marks_it_did_not_send_are_a_fault) {
    auto session = running();
    session.on(twilio::Mark{.stream_sid = "MZ1", .name = "0.60000"}, opened);
    session.on(twilio::Mark{.stream_sid = "MZ1", .name = "theirs"}, opened);
    EXPECT_EQ(session.totals().ignored, 2U);
    EXPECT_EQ(session.totals().heard, 0us);
}

TEST(StreamSession, other_audio_than_mulaw_8k_is_refused) {
    for (const auto& [encoding, rate] : {std::pair{"audio/l16", 8000}, std::pair{"audio/x-mulaw", 16000}}) {
        StreamSession session({}, opened);
        auto start = started();
        start.encoding = encoding;
        start.sample_rate_hz = rate;
        session.on(start, opened);
        expect_closed(session, Outcome::protocol_error, 1003);
    }
}

TEST(StreamSession, counts_what_it_hears) {
    auto session = running();
    const std::string payload(216, 'A');
    session.on(twilio::Media{.stream_sid = "MZ1", .track = "inbound", .payload_base64 = payload}, opened);
    session.on(twilio::Media{.stream_sid = "", .track = {}, .payload_base64 = "AAA="}, opened);
    session.on(twilio::Media{.stream_sid = "", .track = {}, .payload_base64 = "AA=="}, opened);
    session.on(twilio::Media{.stream_sid = "", .track = {}, .payload_base64 = "="}, opened);
    session.on(twilio::Dtmf{.stream_sid = "MZ1", .digit = '5'}, opened);
    const auto totals = session.totals();
    EXPECT_EQ(totals.media_in, 4U);
    EXPECT_EQ(totals.media_in_bytes, 162U + 2U + 1U);
    EXPECT_EQ(totals.dtmf, 1U);
    EXPECT_EQ(totals.ignored, 0U);
}

TEST(StreamSession, tells_when_the_caller_runs_dry) {
    auto session = running();
    EXPECT_EQ(session.runs_dry_at(), std::nullopt);
    session.on_audio(audio::Clip(std::vector<std::byte>(800)), opened + 1s);
    drain(session);
    EXPECT_EQ(session.runs_dry_at(), opened + 1s + 100ms);
    EXPECT_EQ(session.totals().start_to_first_media, 1s);
}

TEST(StreamSession, wakes_for_audio_that_is_due) {
    auto session = running();
    session.on_audio(audio::Clip(std::vector<std::byte>(80'000)), opened);
    drain(session);
    EXPECT_EQ(session.next_deadline(), opened + 400ms);
    session.on_deadline(opened + 399ms);
    EXPECT_EQ(drain(session).actions, 0U);
    session.on_deadline(opened + 400ms);
    EXPECT_GT(drain(session).actions, 0U);
}

TEST(StreamSession, a_clock_that_steps_back_changes_nothing) {
    auto session = running();
    session.on_audio(audio::Clip(std::vector<std::byte>(80'000)), opened + 1s);
    session.on_deadline(opened);
    drain(session);
    EXPECT_EQ(session.totals().start_to_first_media, 1s);
    EXPECT_EQ(session.runs_dry_at(), opened + 3s);
}

TEST(StreamSession, speech_that_was_never_started_is_not_stopped) {
    StreamSession session({}, opened);
    session.on(started(), opened);
    drain(session);
    CallPlan plan;
    plan.speech.text = Secret("Hello.");
    session.on_authorised(plan, opened);
    session.clear(opened);
    EXPECT_EQ(drain(session).actions, 0U);
}

TEST(StreamSession, hears_nothing_after_it_has_closed) {
    auto session = running();
    session.on_connection_closed(opened);
    expect_closed(session, Outcome::connection_lost, 1000);
    session.on(started(), opened);
    session.on_binary(opened);
    session.on_audio(audio::Clip(std::vector<std::byte>(800)), opened);
    session.on_speech_finished(opened);
    session.on_deadline(opened + 24h);
    session.clear(opened);
    EXPECT_FALSE(session.next_action());
    EXPECT_EQ(session.outcome(), Outcome::connection_lost);
    EXPECT_EQ(session.totals().ignored, 0U);
}

TEST(StreamSession, every_outcome_has_its_own_name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < outcome_count; ++i) names.emplace_back(name_of(static_cast<Outcome>(i)));
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    EXPECT_EQ(std::ranges::find(names, "unknown"), names.end());
}

}  // namespace
}  // namespace call
