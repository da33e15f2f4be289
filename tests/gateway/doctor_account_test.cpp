#include "gateway/doctor_account.hpp"

#include "tests/gateway/doctor_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::Findings;
using gateway::Verdict;
using test::expect;

constexpr const char* missing_permissions =
    R"({"detail":{"status":"missing_permissions","message":"The API key you used is missing the permission user_read"}})";
constexpr const char* invalid_key =
    R"({"detail":{"type":"authentication_error","code":"invalid_api_key","message":"API key is invalid.","status":"invalid_api_key"}})";

std::string subscription(const std::string& tier, int used, int limit, const std::string& status = "active") {
    return R"({"tier":")" + tier + R"(","character_count":)" + std::to_string(used) + R"(,"character_limit":)" +
           std::to_string(limit) + R"(,"status":")" + status + R"("})";
}

class DoctorAccountTest : public test::DoctorTest {
protected:
    DoctorAccountTest() {
        options.elevenlabs_key = Secret("key-0123456789");
        options.elevenlabs_url = server.url("");
        options.voice.id = "voice-7";
        options.voice.model = "eleven_flash_v2_5";
        answer("/v1/user/subscription", "200 OK", subscription("creator", 1'000, 100'000));
        answer("/v1/voices/voice-7", "200 OK", R"({"voice_id":"voice-7","name":"Rachel","category":"premade"})");
        answer("/v1/models", "200 OK",
               R"([{"model_id":"eleven_flash_v2_5","can_do_text_to_speech":true,"languages":[{"language_id":"en"}]},
                   {"model_id":"eleven_english_sts_v2","can_do_text_to_speech":false}])");
        answer("/v1/text-to-speech/voice-7", "200 OK", std::string(8'000, '\x55'), "audio/ulaw");
    }
    Findings examine(bool spend = false) { return gateway::examine_account(fetcher, options, spend); }
};

TEST_F(DoctorAccountTest, finds_nothing_wrong_with_a_sound_account) {
    const auto findings = examine(true);
    for (const auto& finding : findings)
        EXPECT_EQ(finding.verdict, Verdict::ok) << finding.check << ": " << finding.says;
    expect(of(findings, "plan"), Verdict::ok, "'creator': 99000 of 100000 credits left, 10 requests at once");
    expect(of(findings, "voice"), Verdict::ok, "Rachel");
    expect(of(findings, "output"), Verdict::ok, "1000 ms of audio");
    for (const std::string& request : server.requests) EXPECT_TRUE(request.contains("xi-api-key: key-0123456789"));
    for (const auto& finding : findings) EXPECT_FALSE((finding.says + finding.advice).contains("0123456789"));
}

TEST_F(DoctorAccountTest, spends_nothing_unless_it_is_asked_to) {
    expect(of(examine(), "output"), Verdict::cannot_tell, "--spend");
    for (const std::string& request : server.requests) EXPECT_TRUE(request.starts_with("GET ")) << request;
}

TEST_F(DoctorAccountTest, asks_nobody_without_a_key) {
    options.elevenlabs_key = {};
    const auto findings = examine(true);
    ASSERT_EQ(findings.size(), 1u);
    expect(findings[0], Verdict::ok, "embedded voice");
    EXPECT_TRUE(server.requests.empty());
}

TEST_F(DoctorAccountTest, says_when_the_key_is_refused_and_leaves_the_rest_open) {
    for (const char* path : {"/v1/user/subscription", "/v1/voices/voice-7", "/v1/models"})
        answer(path, "400 Bad Request", invalid_key);
    const auto findings = examine();
    expect(of(findings, "ElevenLabs"), Verdict::ok);
    expect(of(findings, "key"), Verdict::problem, "invalid_api_key");
    for (const char* check : {"plan", "voice", "model"})
        expect(of(findings, check), Verdict::cannot_tell, "Mend the key");
}

TEST_F(DoctorAccountTest, cannot_tell_what_a_restricted_key_may_not_read) {
    for (const char* path : {"/v1/user/subscription", "/v1/voices/voice-7", "/v1/models"}) {
        answer(path, "401 Unauthorized", missing_permissions);
    }
    const auto findings = examine(true);
    expect(of(findings, "key"), Verdict::cannot_tell, "restricted");
    expect(of(findings, "plan"), Verdict::cannot_tell, "user_read");
    expect(of(findings, "voice"), Verdict::cannot_tell, "voices_read");
    expect(of(findings, "model"), Verdict::cannot_tell, "models_read");
    expect(of(findings, "output"), Verdict::ok);
}

TEST_F(DoctorAccountTest, says_when_the_voice_is_not_the_accounts) {
    answer("/v1/voices/voice-7", "404 Not Found",
           R"({"detail":{"type":"not_found","code":"voice_not_found","message":"none"}})");
    expect(of(examine(), "voice"), Verdict::problem, "voice-7");
    answer("/v1/voices/voice-7", "400 Bad Request", R"({"detail":{"status":"voice_not_found","message":"none"}})");
    expect(of(examine(), "voice"), Verdict::problem, "VOICE_ID");
}

TEST_F(DoctorAccountTest, cannot_tell_whether_a_free_plan_may_use_a_library_voice) {
    answer("/v1/user/subscription", "200 OK", subscription("free", 0, 10'000));
    answer("/v1/voices/voice-7", "200 OK", R"({"voice_id":"voice-7","name":"X","category":"professional"})");
    expect(of(examine(), "voice"), Verdict::cannot_tell, "Free plans");
}

TEST_F(DoctorAccountTest, says_when_the_model_will_not_do) {
    options.voice.model = "eleven_flash_v9";
    expect(of(examine(), "model"), Verdict::problem, "no model eleven_flash_v9");
    options.voice.model = "eleven_english_sts_v2";
    expect(of(examine(), "model"), Verdict::problem, "not a text-to-speech model");
    options.voice.model = "eleven_flash_v2_5";
    options.voice.language = "tlh";
    expect(of(examine(), "model"), Verdict::problem, "LANGUAGE_CODE");
    options.voice.language = "en";
    expect(of(examine(), "model"), Verdict::ok);
}

TEST_F(DoctorAccountTest, says_when_the_plan_will_not_do) {
    answer("/v1/user/subscription", "200 OK", subscription("free", 10'000, 10'000));
    expect(of(examine(), "plan"), Verdict::problem, "0 of 10000");
    answer("/v1/user/subscription", "200 OK", subscription("pro", 0, 10'000, "past_due"));
    expect(of(examine(), "plan"), Verdict::problem, "past_due");
    answer("/v1/user/subscription", "200 OK", subscription("free", 0, 10'000));
    options.elevenlabs_requests_max = 20;
    expect(of(examine(), "plan"), Verdict::problem, "(20)");
    options.elevenlabs_requests_max = 0;
    answer("/v1/user/subscription", "200 OK", subscription("free", 9'500, 10'000));
    expect(of(examine(), "plan"), Verdict::ok, "Less than a tenth");
}

TEST_F(DoctorAccountTest, cannot_tell_while_elevenlabs_is_troubled_or_speaks_another_language) {
    answer("/v1/models", "503 Service Unavailable", "busy", "text/plain");
    answer("/v1/voices/voice-7", "200 OK", "<html>", "text/html");
    answer("/v1/user/subscription", "200 OK", "{}");
    const auto findings = examine();
    expect(of(findings, "model"), Verdict::cannot_tell, "503");
    expect(of(findings, "voice"), Verdict::cannot_tell, "form");
    expect(of(findings, "plan"), Verdict::cannot_tell, "form");
}

TEST_F(DoctorAccountTest, says_when_elevenlabs_cannot_be_reached_and_leaves_the_rest_open) {
    options.elevenlabs_url = "http://127.0.0.1:1";
    const auto refused = examine(true);
    expect(of(refused, "ElevenLabs"), Verdict::problem, "firewall");
    for (const char* check : {"key", "plan", "voice", "model", "output"})
        expect(of(refused, check), Verdict::cannot_tell);
    options.elevenlabs_url = "http://no-such-host.invalid";
    expect(of(examine(), "ElevenLabs"), Verdict::problem, "DNS");
    test::PlainGreeter greeter(loop);
    options.elevenlabs_url = greeter.url();
    expect(of(examine(), "ElevenLabs"), Verdict::problem, "TLS");
}

TEST_F(DoctorAccountTest, tells_a_refusal_to_speak_from_a_passing_one) {
    answer("/v1/text-to-speech/voice-7", "401 Unauthorized",
           R"({"detail":{"status":"quota_exceeded","message":"none left"}})");
    expect(of(examine(true), "output"), Verdict::problem, "quota_exceeded");
    answer("/v1/text-to-speech/voice-7", "429 Too Many Requests",
           R"({"detail":{"status":"system_busy","message":"later"}})");
    expect(of(examine(true), "output"), Verdict::cannot_tell, "system_busy");
}

}  // namespace
