#include "simulator/standin.hpp"

#include "net/http_client.hpp"
#include "simulator/loop_until.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

namespace simulator {
namespace {

using namespace std::chrono_literals;

constexpr const char* rachel = "21m00Tcm4TlvDq8ikWAM";
constexpr const char* sarah = "EXAVITQu4vr4xnSDxMaL";
constexpr const char* words = "Hello from the stand-in.";

struct Reply final : net::HttpClient::Listener {
    net::IncomingHead head;
    std::string body;
    std::vector<std::size_t> reads;
    std::optional<std::expected<void, net::TransportError>> result;
    std::unique_ptr<net::HttpClient::Transfer> transfer;

    void on_head(const net::IncomingHead& received) override { head = received; }
    void on_body(std::span<const char> bytes) override {
        body.append(bytes.data(), bytes.size());
        reads.push_back(bytes.size());
    }
    void on_done(std::expected<void, net::TransportError> how) override { result = std::move(how); }

    boost::json::value json() const { return boost::json::parse(body); }
    std::string code() const { return std::string(json().at("detail").at("code").as_string()); }
};

class StandinTest : public testing::Test {
protected:
    StandinTest() { EXPECT_TRUE(standin.listen()); }

    static Standin::Options options() {
        Standin::Options options;
        options.account.key = "right";
        options.first_byte_after = 20ms;
        options.account.requests_at_once_max = 2;
        return options;
    }

    std::unique_ptr<Reply> begin(std::string method, const std::string& target, std::string body = {},
                                 const std::string& key = "right") {
        auto reply = std::make_unique<Reply>();
        net::OutgoingRequest request;
        request.method = std::move(method);
        request.url = "http://127.0.0.1:" + std::to_string(standin.port()) + target;
        request.body = std::move(body);
        if (!key.empty()) request.headers = {{"xi-api-key", key}};
        reply->transfer = client.start(std::move(request), *reply);
        return reply;
    }
    void finish(const Reply& reply) {
        ASSERT_TRUE(test::run_until(loop, [&] { return reply.result.has_value(); }));
    }
    std::unique_ptr<Reply> ask(std::string method, const std::string& target, std::string body = {},
                               const std::string& key = "right") {
        auto reply = begin(std::move(method), target, std::move(body), key);
        finish(*reply);
        return reply;
    }
    static std::string speech_target(const std::string& voice = rachel, const std::string& format = "ulaw_8000") {
        return "/v1/text-to-speech/" + voice + "/stream?output_format=" + format;
    }
    static std::string say(const std::string& text = words, const std::string& more = "") {
        return R"({"text":")" + text + R"(","model_id":"eleven_flash_v2_5")" + more + "}";
    }
    static std::string expected(const std::string& voice = rachel, const std::string& text = words) {
        const auto clip = standin_audio(voice, text);
        return std::string(reinterpret_cast<const char*>(clip.bytes().data()), clip.size());
    }
    void arm(const std::string& json) { ASSERT_EQ(ask("POST", "/standin/faults", json)->head.status, 200); }

    net::EventLoop loop;
    net::HttpClient client{loop, {}};
    Standin standin{loop, options()};
};

TEST_F(StandinTest, speaks_the_words_as_the_live_service_streams_them) {
    const auto reply = ask("POST", speech_target(), say());
    ASSERT_TRUE(*reply->result);
    EXPECT_EQ(reply->head.status, 200);
    EXPECT_EQ(reply->head.header("content-type"), "audio/ulaw");
    EXPECT_EQ(reply->head.header("character-cost"), "12");
    EXPECT_EQ(reply->head.header("current-concurrent-requests"), "1");
    EXPECT_EQ(reply->head.header("maximum-concurrent-requests"), "2");
    EXPECT_FALSE(reply->head.header("request-id").empty());
    EXPECT_EQ(reply->body, expected());
    EXPECT_NE(reply->body.size() % 160, 0u);
    EXPECT_GT(reply->reads.size(), 3u);

    const auto log = ask("GET", "/standin/log")->json();
    const auto& logged = log.at("requests").at(0);
    EXPECT_EQ(logged.at("text"), words);
    EXPECT_GE(logged.at("first_audio_ms").as_double(), 20);
}

TEST_F(StandinTest, different_voices_sound_different_and_the_same_voice_the_same) {
    EXPECT_EQ(ask("POST", speech_target(sarah), say())->body, expected(sarah));
    EXPECT_NE(expected(sarah), expected(rachel));
    EXPECT_NE(standin_audio(rachel, words, 0.8).size(), standin_audio(rachel, words, 1.0).size());
}

TEST_F(StandinTest, refuses_as_the_live_service_does) {
    EXPECT_EQ(ask("POST", speech_target(), say(), "")->head.status, 401);
    auto reply = ask("POST", speech_target(), say(), "sk_0123456789abcdef0123");
    EXPECT_EQ(reply->head.status, 400);
    EXPECT_EQ(reply->code(), "invalid_api_key");
    EXPECT_EQ(ask("POST", speech_target(), say(), "wrong")->code(), "unauthorized");
    reply = ask("POST", speech_target("nobody"), say());
    EXPECT_EQ(reply->head.status, 404);
    EXPECT_EQ(reply->code(), "voice_not_found");
    reply = ask("POST", speech_target(), "{}");
    EXPECT_EQ(reply->head.status, 422);
    EXPECT_EQ(reply->json().at("detail").at(0).at("loc").at(1).as_string(), "text");
    EXPECT_EQ(ask("POST", speech_target(), "not json")->head.status, 422);
    reply = ask("POST", speech_target(rachel, "ulaw_9000"), say());
    EXPECT_EQ(reply->head.status, 403);
    EXPECT_EQ(reply->code(), "invalid_output_format");
    EXPECT_EQ(ask("POST", speech_target(rachel, "mp3_44100_128"), say())->code(), "subscription_required");
    EXPECT_EQ(ask("POST", speech_target(), R"({"text":"a","model_id":"eleven_english_sts_v2"})")->code(),
              "unsupported_model");
    EXPECT_EQ(ask("POST", speech_target(), R"({"text":"a","model_id":"eleven_v3","previous_text":"b"})")->code(),
              "unsupported_model");
    EXPECT_EQ(ask("POST", speech_target(), R"({"text":"a","model_id":"none"})")->code(), "model_not_found");
    EXPECT_EQ(ask("POST", speech_target(), say(" "))->code(), "empty_text");
    EXPECT_EQ(ask("POST", speech_target(), say("a", R"(,"voice_settings":{"stability":2})"))->code(),
              "invalid_voice_settings");
    EXPECT_EQ(ask("POST", speech_target(), say("a", R"(,"something":"unknown")"))->head.status, 200);
    EXPECT_EQ(ask("GET", speech_target())->head.status, 405);
}

TEST_F(StandinTest, holds_the_plans_limit_of_requests_at_once) {
    const auto first = begin("POST", speech_target(), say());
    const auto second = begin("POST", speech_target(), say());
    ASSERT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 2; }));
    const auto third = ask("POST", speech_target(), say());
    EXPECT_EQ(third->head.status, 429);
    finish(*first);
    finish(*second);
    EXPECT_EQ(second->body, expected());
    EXPECT_EQ(ask("POST", speech_target(), say())->head.status, 200);
    EXPECT_EQ(standin.in_progress_most(), 2);
}

TEST_F(StandinTest, a_client_that_goes_away_frees_its_place) {
    arm(R"({"fault":"hang_before_headers","times":1})");
    auto reply = begin("POST", speech_target(), say());
    ASSERT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 1; }));
    reply.reset();
    EXPECT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 0; }));
}

TEST_F(StandinTest, refusing_faults_answer_with_their_row_of_the_table) {
    for (const Fault& fault : all_faults()) {
        if (fault.http != HttpEffect::refuse && fault.http != HttpEffect::other_body) continue;
        standin.faults().arm({.fault = &fault, .after_bytes = 0, .times = 1, .match_text = {}});
        const auto reply = ask("POST", speech_target(), say());
        EXPECT_EQ(reply->head.status, fault.status) << fault.name;
        EXPECT_EQ(reply->body, fault.body) << fault.name;
        EXPECT_EQ(reply->head.header("content-type"), fault.content_type) << fault.name;
        EXPECT_NO_THROW(if (fault.content_type == "application/json") reply->json()) << fault.name;
        EXPECT_EQ(standin.log().back().fault, fault.name);
    }
    EXPECT_EQ(ask("POST", speech_target(), say())->body, expected()) << "switched off again";
}

TEST_F(StandinTest, faults_in_the_middle_strike_at_the_byte_asked_for) {
    for (const char* name : {"truncate_body", "reset"}) {
        standin.faults().arm({.fault = find_fault(name), .after_bytes = 1'234, .times = 1, .match_text = {}});
        const auto reply = ask("POST", speech_target(), say());
        EXPECT_EQ(reply->body, expected().substr(0, 1'234)) << name;
        EXPECT_FALSE(*reply->result) << name;
    }
    for (const auto& [name, before] : {std::pair{"stall_mid_body", 1'234u}, {"hang_after_headers", 0u}}) {
        standin.faults().arm({.fault = find_fault(name), .after_bytes = before, .times = 1, .match_text = {}});
        const auto reply = begin("POST", speech_target(), say());
        ASSERT_TRUE(test::run_until(loop, [&] { return reply->head.status == 200 && reply->body.size() >= before; }))
            << name;
        EXPECT_FALSE(test::run_until(
            loop, [&] { return reply->body.size() > before || reply->result; }, 150ms))
            << name;
    }
}

TEST_F(StandinTest, a_fault_of_the_beginning_breaks_the_answer_where_asked_for_and_meets_who_asks_again) {
    standin.faults().arm({.fault = find_fault("500"), .after_bytes = 1'234, .times = 1, .match_text = {}});
    const auto broken = ask("POST", speech_target(), say());
    EXPECT_EQ(broken->body, expected().substr(0, 1'234));
    EXPECT_FALSE(*broken->result);
    EXPECT_EQ(ask("POST", speech_target(), say("another text"))->head.status, 200);
    EXPECT_EQ(ask("POST", speech_target(), say())->head.status, 500);
    EXPECT_EQ(ask("POST", speech_target(), say())->head.status, 200);

    standin.faults().arm(
        {.fault = find_fault("500"), .after_bytes = 1'234, .times = std::nullopt, .match_text = "from"});
    EXPECT_EQ(ask("POST", speech_target(), say())->body.size(), 1'234u);
    EXPECT_EQ(ask("POST", speech_target(), say("another text"))->head.status, 500);
}

TEST_F(StandinTest, breaks_connections_and_the_protocol) {
    for (const char* name : {"error_1011", "other_protocol", "beyond_bounds"}) {
        standin.faults().arm({.fault = find_fault(name), .after_bytes = 0, .times = 1, .match_text = {}});
        EXPECT_FALSE(*ask("POST", speech_target(), say())->result) << name;
    }
}

TEST_F(StandinTest, falls_silent_in_place_of_speech) {
    standin.faults().arm({.fault = find_fault("silence"), .after_bytes = 1'234, .times = 1, .match_text = {}});
    const auto reply = ask("POST", speech_target(), say());
    EXPECT_TRUE(*reply->result);
    EXPECT_EQ(reply->body, expected().substr(0, 1'234) + std::string(expected().size() - 1'234, '\xff'));
}

TEST_F(StandinTest, faults_of_size_lose_nothing) {
    for (const char* name : {"one_byte_chunks", "odd_sizes", "huge_first_chunk"}) {
        standin.faults().arm({.fault = find_fault(name), .after_bytes = 0, .times = 1, .match_text = {}});
        const auto reply = ask("POST", speech_target(), say());
        EXPECT_TRUE(*reply->result) << name;
        EXPECT_EQ(reply->body, expected()) << name;
    }
    standin.faults().arm({.fault = find_fault("zero_audio"), .after_bytes = 0, .times = 1, .match_text = {}});
    const auto empty = ask("POST", speech_target(), say());
    EXPECT_TRUE(*empty->result);
    EXPECT_EQ(empty->head.status, 200);
    EXPECT_EQ(empty->body, "");
}

TEST_F(StandinTest, a_fault_strikes_only_the_text_it_was_meant_for) {
    arm(R"({"fault":"500","match_text":"second","times":"forever"})");
    EXPECT_EQ(ask("POST", speech_target(), say("the first"))->head.status, 200);
    EXPECT_EQ(ask("POST", speech_target(), say("the second"))->head.status, 500);
    EXPECT_EQ(ask("POST", speech_target(), say("the second"))->head.status, 500);
    EXPECT_EQ(ask("POST", "/standin/reset")->head.status, 200);
    EXPECT_EQ(ask("POST", speech_target(), say("the second"))->head.status, 200);
    EXPECT_EQ(ask("POST", "/standin/faults", R"({"fault":"unheard of"})")->head.status, 400);
    EXPECT_EQ(ask("POST", "/standin/faults", R"({"fault":"500","after":1})")->head.status, 400);
}

TEST_F(StandinTest, lists_voices_in_pages) {
    std::size_t seen = 0;
    std::string token;
    for (bool more = true; more;) {
        const auto page =
            ask("GET", "/v2/voices?page_size=5" + (token.empty() ? "" : "&next_page_token=" + token))->json();
        seen += page.at("voices").as_array().size();
        more = page.at("has_more").as_bool();
        if (more) token = std::string(page.at("next_page_token").as_string());
    }
    EXPECT_EQ(seen, standin_voices().size());
    EXPECT_EQ(ask("GET", "/v1/voices")->json().at("voices").as_array().size(), seen);
    EXPECT_EQ(ask("GET", std::string("/v1/voices/") + rachel)->json().at("name").as_string(), "Rachel");
    EXPECT_EQ(ask("GET", "/v1/voices/nobody")->head.status, 404);
    EXPECT_TRUE(ask("GET", "/v1/models")->json().is_array());
    EXPECT_EQ(ask("GET", "/v1/user/subscription")->json().at("tier").as_string(), "creator");
    EXPECT_EQ(ask("GET", "/v1/nothing")->head.status, 404);
}

TEST_F(StandinTest, a_key_may_speak_without_being_allowed_to_read) {
    standin.account().may_read_voices = false;
    const auto refused = ask("GET", "/v1/voices");
    EXPECT_EQ(refused->head.status, 401);
    EXPECT_EQ(refused->code(), "missing_permissions");
    EXPECT_EQ(ask("POST", speech_target(), say())->head.status, 200);
}

TEST(FaultOption, is_read_from_the_command_line) {
    const auto armed = read_fault_option("stall_mid_body:4000:2");
    ASSERT_TRUE(armed);
    EXPECT_EQ(armed->fault->name, "stall_mid_body");
    EXPECT_EQ(armed->after_bytes, 4'000u);
    EXPECT_EQ(armed->times, 2u);
    EXPECT_FALSE(read_fault_option("stall_mid_body")->times);
    EXPECT_FALSE(read_fault_option("nothing"));
    EXPECT_FALSE(read_fault_option("500:x"));
    EXPECT_FALSE(read_fault_option("500:0:0"));
}

}  // namespace
}  // namespace simulator
