#include "gateway/elevenlabs_reply.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using gateway::ElevenLabsReply;
using speech::Failure;

constexpr std::string_view quota_report =
    R"({"detail":{"status":"quota_exceeded","message":"This request exceeds your quota.","request_id":"r9"}})";

std::string text_of(const audio::Clip& clip) {
    return {reinterpret_cast<const char*>(clip.bytes().data()), clip.size()};
}

ElevenLabsReply reply_to(int status, std::string content_type) {
    ElevenLabsReply reply;
    reply.on_head({.status = status, .headers = {{"content-type", std::move(content_type)}}});
    return reply;
}

// Feeds the body in pieces of `step` bytes; returns all that may be played, the rest that finish() releases included.
std::pair<std::string, ElevenLabsReply::End> hear(ElevenLabsReply reply, std::string_view body, std::size_t step) {
    std::string played;
    for (std::size_t at = 0; at < body.size(); at += step) played += text_of(reply.on_body(body.substr(at, step)));
    auto end = reply.finish();
    played += text_of(end.rest);
    return {played, std::move(end)};
}

TEST(ElevenLabsReply, plays_at_once_what_cannot_be_json) {
    auto reply = reply_to(200, "audio/ulaw");
    EXPECT_EQ(text_of(reply.on_body(std::string_view("\xFF"))), "\xFF");
    const std::string later = "{\"detail\"" + std::string(200, 'x');
    EXPECT_EQ(text_of(reply.on_body(later)), later) << "later bytes are above suspicion";
    EXPECT_EQ(text_of(reply.on_body(std::string_view("{"))), "") << "a single byte waits for others";
    const auto end = reply.finish();
    EXPECT_EQ(text_of(end.rest), "{");
    EXPECT_FALSE(end.failure);
    EXPECT_EQ(reply.audio_bytes(), 2 + later.size());
}

TEST(ElevenLabsReply, holds_back_a_brace_until_the_next_byte_tells) {
    auto reply = reply_to(200, "audio/ulaw");
    EXPECT_TRUE(reply.on_body(std::string_view("{")).empty());
    EXPECT_EQ(text_of(reply.on_body(std::string_view("|~"))), "{|~");

    auto quoted = reply_to(200, "audio/ulaw");
    EXPECT_TRUE(quoted.on_body(std::string_view("{\"abc")).empty());
    EXPECT_EQ(text_of(quoted.on_body(std::string_view("\x01z"))), "{\"abc\x01z");  // no text has such a byte
}

TEST(ElevenLabsReply, never_plays_an_error_report_that_is_called_audio) {
    for (std::size_t step = 1; step <= quota_report.size(); ++step) {
        const auto [played, end] = hear(reply_to(200, "audio/ulaw"), quota_report, step);
        EXPECT_EQ(played, "") << step;
        ASSERT_TRUE(end.failure);
        EXPECT_EQ(end.failure->kind, Failure::Kind::refused);
        EXPECT_EQ(end.failure->reason, "quota_exceeded");
        EXPECT_EQ(end.request_id, "r9");
    }
    const auto [played, end] = hear(reply_to(200, "audio/ulaw"), " {\n \"message\" : \"sorry\" }", 3);
    EXPECT_EQ(played, "");
    EXPECT_EQ(end.failure.value().reason, "not audio");
}

TEST(ElevenLabsReply, plays_the_whole_of_audio_that_only_looked_like_json) {
    for (const std::string_view audio : {"{", "{\"", "{}", "{\"abc", "{ \"detail\": nothing of the kind"}) {
        const auto [played, end] = hear(reply_to(200, "audio/ulaw"), audio, 1);
        if (audio == "{}") {  // the one that is an object
            EXPECT_EQ(played, "");
            EXPECT_TRUE(end.failure);
        } else {
            EXPECT_EQ(played, audio);
            EXPECT_FALSE(end.failure);
        }
    }
}

TEST(ElevenLabsReply, plays_nothing_that_is_not_said_to_be_mulaw) {
    for (const char* type : {"text/html", "application/json", "audio/mpeg", ""}) {
        const auto [played, end] = hear(reply_to(200, type), "\xFF\xFE\xFF", 1);
        EXPECT_EQ(played, "");
        EXPECT_EQ(end.failure.value().reason, "not audio");
        EXPECT_EQ(end.failure->kind, Failure::Kind::unavailable);
    }
    const auto [played, end] = hear(reply_to(500, "audio/ulaw"), "\xFF\xFE\xFF", 1);
    EXPECT_EQ(played, "");
    EXPECT_EQ(end.failure.value().reason, "http_500");
}

TEST(ElevenLabsReply, tells_failures_apart) {
    struct Case {
        int status;
        const char* code;
        Failure::Kind kind;
        Failure::Scope scope = Failure::Scope::attempt;
    };
    for (const auto& [status, code, kind, scope] :
         {Case{404, "voice_not_found", Failure::Kind::unknown_voice},
          Case{400, "invalid_api_key", Failure::Kind::refused, Failure::Scope::account},
          Case{401, "quota_exceeded", Failure::Kind::refused, Failure::Scope::account},
          Case{400, "text_too_long", Failure::Kind::refused},
          Case{429, "concurrent_limit_exceeded", Failure::Kind::busy},
          Case{503, "service_unavailable", Failure::Kind::unavailable}}) {
        const auto report = std::string(R"({"detail":{"code":")") + code + R"(","message":"m"}})";
        const auto [played, end] = hear(reply_to(status, "application/json"), report, 7);
        EXPECT_EQ(played, "");
        EXPECT_EQ(end.failure.value().kind, kind) << code;
        EXPECT_EQ(end.failure->reason, code);
        EXPECT_EQ(end.failure->scope, scope) << code;
    }
}

TEST(ElevenLabsReply, calls_a_success_without_audio_a_failure) {
    const auto [played, end] = hear(reply_to(200, "audio/ulaw"), "", 1);
    EXPECT_EQ(end.failure.value().kind, Failure::Kind::unavailable);
    EXPECT_EQ(end.failure->reason, "no audio");
}

TEST(ElevenLabsReply, gives_up_on_an_endless_report) {
    for (const auto& [status, start] : {std::pair{200, "{\""}, std::pair{502, "<html>"}}) {
        auto reply = reply_to(status, "audio/ulaw");
        EXPECT_TRUE(reply.on_body(std::string_view(start)).empty());
        const std::string filler(10'000, 'x');
        std::size_t fed = 0;
        while (!reply.hopeless() && fed < 1'000'000) {
            EXPECT_TRUE(reply.on_body(filler).empty());
            fed += filler.size();
        }
        EXPECT_LE(fed, ElevenLabsReply::report_bytes_max + filler.size());
        EXPECT_TRUE(reply.finish().failure);
    }
}

TEST(ElevenLabsReply, a_broken_answer_is_a_transport_failure_unless_it_was_a_refusal) {
    using Kind = net::TransportError::Kind;
    auto audio = reply_to(200, "audio/ulaw");
    EXPECT_EQ(text_of(audio.on_body(std::string_view("\xFF\xFF"))), "\xFF\xFF");
    const auto cut = audio.break_off({Kind::cut_off, "detail"});
    EXPECT_EQ(cut.failure.value().kind, Failure::Kind::unavailable);
    EXPECT_EQ(cut.failure->reason, "cut off");

    auto refusal = reply_to(401, "application/json");
    (void)refusal.on_body(std::string_view(R"({"detail":)"));
    EXPECT_EQ(refusal.break_off({Kind::cut_off, ""}).failure.value().kind, Failure::Kind::refused);

    ElevenLabsReply none;
    EXPECT_EQ(none.break_off({Kind::resolve, ""}).failure.value().reason, "name not resolved");
    EXPECT_EQ(none.break_off({Kind::too_large, ""}).failure.value().kind, Failure::Kind::cancelled_by_limit);
}

}  // namespace
