#include "elevenlabs/speech_message.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <limits>

namespace {

namespace json = boost::json;
using elevenlabs::Blame;
using elevenlabs::read_error;

elevenlabs::SpeechRequest request(std::string text = "Hello.") {
    elevenlabs::SpeechRequest request;
    request.text = Secret{std::move(text)};
    request.voice_id = "21m00Tcm4TlvDq8ikWAM";
    return request;
}

json::object body_of(const elevenlabs::SpeechRequest& request) {
    return json::parse(stream_body(request)).as_object();
}

std::string text_in(const elevenlabs::SpeechRequest& request, std::string_view field) {
    return std::string(std::string_view(body_of(request).at(field).as_string()));
}

TEST(SpeechRequest, asks_for_mulaw_8000_of_the_voice) {
    EXPECT_EQ(stream_target(request()), "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/stream?output_format=ulaw_8000");
}

TEST(SpeechRequest, keeps_a_hostile_voice_id_inside_its_path_segment) {
    auto hostile = request();
    hostile.voice_id = "a/../b?x=1#\r\ny";
    EXPECT_EQ(stream_target(hostile), "/v1/text-to-speech/a%2F..%2Fb%3Fx%3D1%23%0D%0Ay/stream?output_format=ulaw_8000");
}

TEST(SpeechRequest, sends_model_and_all_settings_and_no_empty_field) {
    const json::object body = body_of(request());
    EXPECT_EQ(body.at("text").as_string(), "Hello.");
    EXPECT_EQ(body.at("model_id").as_string(), "eleven_flash_v2_5");
    const json::object& settings = body.at("voice_settings").as_object();
    EXPECT_EQ(settings.at("stability").as_double(), 0.5);
    EXPECT_EQ(settings.at("similarity_boost").as_double(), 0.75);
    EXPECT_EQ(settings.at("style").as_double(), 0.0);
    EXPECT_EQ(settings.at("use_speaker_boost").as_bool(), true);
    EXPECT_EQ(settings.at("speed").as_double(), 1.0);
    EXPECT_FALSE(body.contains("language_code"));
    EXPECT_FALSE(body.contains("previous_text"));
    EXPECT_FALSE(body.contains("next_text"));
}

TEST(SpeechRequest, escapes_whatever_the_text_holds) {
    const std::string text = "She said \"1 < 2\" \\ and\n\tgrüßte 你好 \x01";
    EXPECT_EQ(text_in(request(text), "text"), text);
}

TEST(SpeechRequest, replaces_bytes_that_are_not_utf8) {
    EXPECT_EQ(text_in(request("caf\xE9 \xF0\x9F x"), "text"), "caf\uFFFD \uFFFD\uFFFD x");
    EXPECT_EQ(text_in(request("\xED\xA0\x80"), "text"), "\uFFFD\uFFFD\uFFFD");  // a lone surrogate
}

TEST(SpeechRequest, keeps_settings_inside_the_ranges_the_server_takes) {
    auto wild = request();
    wild.settings = {
        .stability = 7, .similarity_boost = -1, .style = std::numeric_limits<double>::quiet_NaN(), .speed = 9};
    const json::object settings = body_of(wild).at("voice_settings").as_object();
    EXPECT_EQ(settings.at("stability").as_double(), 1.0);
    EXPECT_EQ(settings.at("similarity_boost").as_double(), 0.0);
    EXPECT_EQ(settings.at("style").as_double(), 0.0);
    EXPECT_EQ(settings.at("speed").as_double(), 1.2);
}

TEST(SpeechRequest, sends_language_and_neighbours_only_to_models_that_take_them) {
    auto full = request();
    full.language_code = "de";
    full.previous_text = Secret{"Before."};
    full.next_text = Secret{"After."};
    EXPECT_EQ(text_in(full, "language_code"), "de");
    EXPECT_EQ(text_in(full, "previous_text"), "Before.");
    EXPECT_EQ(text_in(full, "next_text"), "After.");
    full.model_id = "eleven_multilingual_v2";
    EXPECT_FALSE(body_of(full).contains("language_code"));
    full.model_id = "eleven_v3";
    EXPECT_FALSE(body_of(full).contains("previous_text"));
    EXPECT_FALSE(body_of(full).contains("next_text"));
}

struct Case {
    int status;
    const char* body;
    Blame blame;
    const char* code;
};

// Shapes recorded from the live server and from its users' reports.
TEST(SpeechError, is_judged_by_its_code_before_its_status) {
    const Case cases[] = {
        {400,
         R"({"detail":{"type":"authentication_error","code":"invalid_api_key","message":"API key is invalid.","status":"invalid_api_key","param":"api_key"}})",
         Blame::key, "invalid_api_key"},
        {401,
         R"({"detail":{"type":"authentication_error","code":"unauthorized","message":"Invalid API key","status":"invalid_api_key"}})",
         Blame::key, "unauthorized"},
        {401,
         R"({"detail":{"status":"missing_permissions","message":"The API key is missing the permission voices_read"}})",
         Blame::key, "missing_permissions"},
        {404,
         R"({"detail":{"type":"not_found","code":"voice_not_found","message":"A voice was not found.","status":"voice_not_found"}})",
         Blame::voice, "voice_not_found"},
        {400, R"({"detail":{"status":"voice_not_found","message":"A voice was not found."}})", Blame::voice,
         "voice_not_found"},
        {402,
         R"({"detail":{"type":"payment_required","code":"paid_plan_required","status":"payment_required","message":"library voices"}})",
         Blame::voice, "paid_plan_required"},
        {403,
         R"({"detail":{"type":"validation_error","code":"invalid_output_format","status":"invalid_output_format","param":"output_format"}})",
         Blame::request, "invalid_output_format"},
        {403,
         R"({"detail":{"type":"authorization_error","code":"subscription_required","status":"output_format_not_allowed"}})",
         Blame::account, "subscription_required"},
        {401, R"({"detail":{"status":"quota_exceeded","message":"This request exceeds your quota of 10000."}})",
         Blame::account, "quota_exceeded"},
        {402, R"({"detail":{"type":"payment_required","code":"insufficient_credits"}})", Blame::account,
         "insufficient_credits"},
        {401, R"({"detail":{"status":"detected_unusual_activity"}})", Blame::account, "detected_unusual_activity"},
        {400,
         R"({"detail":{"type":"validation_error","code":"unsupported_model","status":"unsupported_model","param":"model_id"}})",
         Blame::request, "unsupported_model"},
        {422,
         R"({"detail":[{"type":"missing","loc":["body","text"],"msg":"Field required","input":{"txt":"secret"}}]})",
         Blame::request, "missing"},
        {429, R"({"detail":{"status":"too_many_concurrent_requests","message":"Too many concurrent requests."}})",
         Blame::busy, "too_many_concurrent_requests"},
        {429, R"({"detail":{"type":"rate_limit_error","code":"concurrent_limit_exceeded"}})", Blame::busy,
         "concurrent_limit_exceeded"},
        {503, R"({"detail":{"type":"service_unavailable","code":"maintenance"}})", Blame::upstream, "maintenance"},
        {101, R"({"message":"A voice with voice_id X does not exist.","error":"voice_id_does_not_exist","code":1008})",
         Blame::voice, "voice_id_does_not_exist"},
    };
    for (const Case& c : cases) {
        const auto reply = read_error(c.status, c.body);
        EXPECT_EQ(reply.blame, c.blame) << c.body;
        EXPECT_EQ(reply.code, c.code) << c.body;
    }
}

TEST(SpeechError, of_an_unknown_code_is_judged_by_its_type) {
    const auto reply = read_error(400, R"({"detail":{"type":"rate_limit_error","code":"brand_new"}})");
    EXPECT_EQ(reply.blame, Blame::busy);
    EXPECT_EQ(reply.code, "brand_new");
}

TEST(SpeechError, without_a_readable_body_is_judged_by_its_status) {
    for (const char* body : {"", "<html>502</html>", R"({"detail":{"code":"quota_exc)", "null", "[]",
                             R"({"detail":17})", R"({"detail":[]})"}) {
        EXPECT_EQ(read_error(502, body).blame, Blame::upstream) << body;
        EXPECT_EQ(read_error(502, body).code, "http_502") << body;
        EXPECT_EQ(read_error(429, body).blame, Blame::busy) << body;
        EXPECT_EQ(read_error(401, body).blame, Blame::key) << body;
        EXPECT_EQ(read_error(402, body).blame, Blame::account) << body;
        EXPECT_EQ(read_error(404, body).blame, Blame::voice) << body;
        EXPECT_EQ(read_error(400, body).blame, Blame::request) << body;
        EXPECT_EQ(read_error(200, body).blame, Blame::upstream) << body;  // audio was expected
    }
}

TEST(SpeechError, reads_a_detail_that_is_a_plain_string) {
    const auto reply = read_error(404, R"({"detail":"Not Found"})");
    EXPECT_EQ(reply.message, "Not Found");
    EXPECT_EQ(reply.code, "http_404");
    EXPECT_EQ(read_error(500, R"({"detail":"quota_exceeded"})").blame, Blame::account);
}

TEST(SpeechError, names_the_field_of_a_refused_shape_but_never_its_value) {
    const auto reply = read_error(
        422, R"({"detail":[{"type":"missing","loc":["body","text"],"msg":"Field required","input":"my secret"}]})");
    EXPECT_EQ(reply.message, "body.text: Field required");
}

TEST(SpeechError, carries_the_request_id_of_the_body) {
    EXPECT_EQ(read_error(401, R"({"detail":{"code":"unauthorized","request_id":"a1b2c3"}})").request_id, "a1b2c3");
}

TEST(SpeechError, bounds_the_message_between_characters_and_keeps_it_on_one_line) {
    const auto reply =
        read_error(400, R"({"detail":{"code":"invalid_text","message":"a\nb)" + std::string(300, 'x') + R"("}})");
    EXPECT_EQ(reply.message.size(), 200U);
    EXPECT_TRUE(reply.message.starts_with("a bx"));
    std::string umlauts = "a";
    for (int i = 0; i < 200; ++i) umlauts += "ü";
    EXPECT_EQ(read_error(400, R"({"detail":")" + umlauts + R"("})").message.size(), 199U);
}

TEST(SpeechError, does_not_take_a_sentence_for_a_code) {
    EXPECT_EQ(read_error(500, R"({"detail":{"code":"Something went \"wrong\" here"}})").code, "http_500");
}

TEST(SpeechError, passes_over_a_huge_or_deep_body) {
    EXPECT_EQ(
        read_error(503, R"({"detail":{"code":"quota_exceeded","pad":")" + std::string(100'000, ' ') + R"("}})").code,
        "http_503");
    EXPECT_EQ(read_error(503, std::string(10'000, '[')).code, "http_503");
}

TEST(SpeechContentType, accepts_raw_mulaw_only) {
    for (const char* good : {"audio/ulaw", "audio/basic", "Audio/X-MULAW", "audio/mulaw", "audio/PCMU;rate=8000",
                             " audio/ulaw ; x=1", "application/octet-stream"})
        EXPECT_TRUE(elevenlabs::is_mulaw_content_type(good)) << good;
    for (const char* bad : {"", "application/json", "audio/mpeg", "audio/pcm", "audio/wav", "text/html", "audio/ulawx"})
        EXPECT_FALSE(elevenlabs::is_mulaw_content_type(bad)) << bad;
}

}  // namespace
