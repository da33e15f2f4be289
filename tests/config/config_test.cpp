#include "config.hpp"

#include <gtest/gtest.h>

namespace {

std::expected<Configuration, std::string> read(std::vector<const char*> flags,
                                               std::map<std::string, std::string> environment = {}) {
    return read_configuration(flags, [&](const char* name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    });
}

TEST(Configuration, has_the_specifications_defaults) {
    const auto standard = read({});
    ASSERT_TRUE(standard);
    EXPECT_EQ(standard->gateway.port, 8001);
    EXPECT_EQ(standard->gateway.voice.id, "21m00Tcm4TlvDq8ikWAM");
    EXPECT_EQ(standard->gateway.voice.model, "eleven_flash_v2_5");
    EXPECT_EQ(standard->gateway.voice.settings, audio::VoiceSettings{});
    EXPECT_EQ(standard->gateway.after_speech, call::AfterSpeech::stay);
}

TEST(Configuration, a_flag_wins_over_the_environment) {
    const auto both =
        read({"--port", "9000", "--voice-id=abc"}, {{"PORT", "9001"}, {"VOICE_ID", "def"}, {"THREADS", "3"}});
    ASSERT_TRUE(both);
    EXPECT_EQ(both->gateway.port, 9000);
    EXPECT_EQ(both->gateway.voice.id, "abc");
    EXPECT_EQ(both->gateway.threads, 3u);
}

TEST(Configuration, takes_both_spellings_of_the_key_and_the_base_url) {
    EXPECT_EQ(read({}, {{"ELEVENLABS_API_KEY", "k"}})->gateway.elevenlabs_key, Secret("k"));
    EXPECT_EQ(read({}, {{"ELEVEN_LABS_API_KEY", "a"}, {"ELEVENLABS_API_KEY", "b"}})->gateway.elevenlabs_key,
              Secret("a"));
    EXPECT_EQ(read({}, {{"BASE_URL", "https://a.example/"}})->gateway.public_url, "https://a.example");
    EXPECT_EQ(
        read({}, {{"BASE_URL", "https://a.example"}, {"WEBHOOK_BASE_URL", "https://b.example"}})->gateway.public_url,
        "https://b.example");
}

TEST(Configuration, an_empty_variable_is_no_variable) {
    EXPECT_EQ(read({}, {{"PORT", ""}})->gateway.port, 8001);
}

TEST(Configuration, a_wrong_value_is_named_in_a_sentence) {
    const std::pair<const char*, const char*> wrong[] = {
        {"PORT", "99999"},       {"PORT", "80x"},
        {"THREADS", "0"},        {"WEBHOOK_BASE_URL", "phone.example.org"},
        {"VOICE_ID", "a/b"},     {"VOICE_STYLE", "2"},
        {"GREETING", "Hello {"}, {"AFTER_SPEECH", "leave"},
        {"LEAD_MS", "1"},        {"LOG_LEVEL", "loud"},
        {"LOG_FORMAT", "xml"},   {"MODEL_ID", "eleven_v3"},
        {"VOICE_SPEED", "fast"}, {"VOICE_SPEAKER_BOOST", "1"},
        {"DRAIN_SECONDS", "-1"}, {"CALLER_AUDIO", "loud"}};
    for (const auto& [name, value] : wrong) {
        const auto refused = read({}, {{name, value}});
        ASSERT_FALSE(refused) << name << "=" << value;
        EXPECT_TRUE(refused.error().starts_with(name)) << refused.error();
        EXPECT_TRUE(refused.error().ends_with('.')) << refused.error();
    }
}

TEST(Configuration, unknown_and_unfinished_flags_are_named) {
    EXPECT_NE(read({"--prot", "1"}).error().find("--prot"), std::string::npos);
    EXPECT_NE(read({"--port"}).error().find("--port"), std::string::npos);
}

TEST(Dotenv, reads_what_a_shell_would) {
    const auto values = read_dotenv("# comment\nA=1\nexport B = two words # not this\nC=\"a # b\"\r\nD='x'\n\nE=");
    ASSERT_TRUE(values);
    EXPECT_EQ(*values, (std::map<std::string, std::string>{
                           {"A", "1"}, {"B", "two words"}, {"C", "a # b"}, {"D", "x"}, {"E", ""}}));
}

TEST(Dotenv, names_the_line_that_it_cannot_read) {
    EXPECT_NE(read_dotenv("A=1\nnonsense\n").error().find("line 2"), std::string::npos);
    EXPECT_NE(read_dotenv("A='open\n").error().find("line 1"), std::string::npos);
}

TEST(Configuration, tls_needs_certificate_and_key) {
    const auto both = read({"--tls-key-file", "key.pem"}, {{"TLS_CERT_FILE", "chain.pem"}});
    ASSERT_TRUE(both);
    EXPECT_EQ(both->gateway.tls_certificate_file, "chain.pem");
    EXPECT_EQ(both->gateway.tls_key_file, "key.pem");
    EXPECT_EQ(read({}, {{"TLS_CERT_FILE", "chain.pem"}}).error(),
              "TLS_CERT_FILE is set and TLS_KEY_FILE is not: TLS needs both.");
    EXPECT_EQ(read({"--tls-key-file", "key.pem"}).error(),
              "TLS_KEY_FILE is set and TLS_CERT_FILE is not: TLS needs both.");
}

TEST(Configuration, trusted_proxies_are_addresses_and_ranges) {
    const auto two = read({}, {{"TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"}});
    ASSERT_TRUE(two);
    EXPECT_EQ(two->gateway.trusted_proxies.size(), 2u);
    EXPECT_TRUE(read({}, {{"TRUSTED_PROXIES", "nginx"}}).error().contains("'nginx'"));
}

TEST(Configuration, drain_policy_is_a_word_or_an_address) {
    using gateway::DrainPolicy;
    EXPECT_EQ(read({})->gateway.drain_policy, DrainPolicy::turn_away);
    EXPECT_EQ(read({"--drain-policy", "busy"})->gateway.drain_policy, DrainPolicy::turn_away);
    EXPECT_EQ(read({"--drain-policy", "serve"})->gateway.drain_policy, DrainPolicy::serve);
    const auto elsewhere = read({}, {{"DRAIN_POLICY", "https://b.example.org/call/incoming"}});
    ASSERT_TRUE(elsewhere);
    EXPECT_EQ(elsewhere->gateway.drain_policy, DrainPolicy::redirect);
    EXPECT_EQ(elsewhere->gateway.drain_redirect_url, "https://b.example.org/call/incoming");
    EXPECT_TRUE(read({"--drain-policy", "hangup"}).error().contains("busy, serve"));
    EXPECT_FALSE(read({"--drain-policy", "https://"}));
}

}  // namespace
