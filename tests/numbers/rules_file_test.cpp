#include "numbers/rules_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace {

using numbers::list_of;
using numbers::read_rules;

std::string mistakes_in(std::string_view text) {
    const auto rules = read_rules(text);
    return rules ? "none" : list_of(rules.error(), "f");
}

TEST(RulesFile, gives_numbers_what_it_says) {
    const auto rules = read_rules(R"(
[default]
greeting = "Hello."
voice_id = "voice-1"
model_id = "eleven_turbo_v2_5"
language_code = "en"
voice_stability = 0.25
voice_similarity_boost = 1
voice_style = 0.5
voice_speed = 1.1
voice_speaker_boost = false
after_speech = "hangup"
max_calls = 3
max_call_seconds = 60
busy_text = "Busy."
)");
    ASSERT_TRUE(rules) << list_of(rules.error(), "f");
    const auto got = rules->settings_for("+4930", {});
    EXPECT_EQ(got.greeting, "Hello.");
    EXPECT_EQ(got.voice.id, "voice-1");
    EXPECT_EQ(got.voice.model, "eleven_turbo_v2_5");
    EXPECT_EQ(got.voice.language, "en");
    EXPECT_EQ(got.voice.settings.stability, 0.25);
    EXPECT_EQ(got.voice.settings.similarity_boost, 1.0);
    EXPECT_EQ(got.voice.settings.style, 0.5);
    EXPECT_EQ(got.voice.settings.speed, 1.1);
    EXPECT_FALSE(got.voice.settings.use_speaker_boost);
    EXPECT_EQ(got.after_speech, call::AfterSpeech::hang_up);
    EXPECT_EQ(got.calls_max, 3u);
    EXPECT_EQ(got.call_duration_max, std::chrono::minutes(1));
    EXPECT_EQ(got.busy_text, "Busy.");
}

TEST(RulesFile, may_be_empty) {
    for (const std::string_view text : {"", "# nothing yet\n", "[default]\n", "\xEF\xBB\xBF[default]\n"}) {
        const auto rules = read_rules(text);
        ASSERT_TRUE(rules) << list_of(rules.error(), "f");
        EXPECT_EQ(rules->settings_for("+4930", {.greeting = "Server."}).greeting, "Server.");
    }
}

TEST(RulesFile, tells_line_column_key_and_what_was_expected) {
    struct Case {
        std::string_view assignment, mistake;
    };
    for (const auto& [assignment, mistake] : std::initializer_list<Case>{
             {"greeting = 7", "f:2:12: greeting of \"+49*\" must be a text of at most 5000 bytes, in quotes"},
             {"greeting = \"Hello {from\"",
              "f:2:12: greeting of \"+49*\" is no greeting: the brace at character 7 is not closed; write {{ for a "
              "brace"},
             {"voice_id = \"../x\"",
              "f:2:12: voice_id of \"+49*\" must be a voice id in quotes: 1 to 64 letters, digits, '-' and '_'"},
             {"model_id = \"eleven_v3\"", "f:2:12: model_id of \"+49*\" names a model that cannot stream in real time"},
             {"model_id = [1]",
              "f:2:12: model_id of \"+49*\" must be a model's name in quotes, such as \"eleven_flash_v2_5\""},
             {"language_code = \"German\"",
              "f:2:17: language_code of \"+49*\" must be the ISO 639 code of a language in quotes, such as \"de\""},
             {"voice_stability = 1.5", "f:2:19: voice_stability of \"+49*\" must be a number from 0 to 1"},
             {"voice_stability = nan", "f:2:19: voice_stability of \"+49*\" must be a number from 0 to 1"},
             {"voice_similarity_boost = -1", "f:2:26: voice_similarity_boost of \"+49*\" must be a number from 0 to 1"},
             {"voice_style = \"much\"", "f:2:15: voice_style of \"+49*\" must be a number from 0 to 1"},
             {"voice_speed = 2", "f:2:15: voice_speed of \"+49*\" must be a number from 0.7 to 1.2"},
             {"voice_speaker_boost = 1", "f:2:23: voice_speaker_boost of \"+49*\" must be true or false"},
             {"after_speech = \"leave\"", "f:2:16: after_speech of \"+49*\" must be \"stay\" or \"hangup\""},
             {"max_calls = 0", "f:2:13: max_calls of \"+49*\" must be a whole number from 1 to 1000000"},
             {"max_calls = 1.5", "f:2:13: max_calls of \"+49*\" must be a whole number from 1 to 1000000"},
             {"max_call_seconds = 1979-05-27",
              "f:2:20: max_call_seconds of \"+49*\" must be a whole number from 1 to 86400"},
             {"busy_text = true", "f:2:13: busy_text of \"+49*\" must be a text of at most 3000 bytes, in quotes"},
             {"greting = \"x\"", "f:2:1: \"greting\" of \"+49*\" is no key; did you mean greeting?"},
             {"stability = 1", "f:2:1: \"stability\" of \"+49*\" is no key; did you mean voice_stability?"},
             {"colour = \"red\"", "f:2:1: \"colour\" of \"+49*\" is no key"},
             {"api_key = \"sk_1234\"",
              "f:2:1: \"api_key\" of \"+49*\" is no key of this file, which is no place for secrets: they belong in "
              "the "
              "environment"},
         }) {
        EXPECT_EQ(mistakes_in(fmt::format("[\"+49*\"]\n{}\n", assignment)), mistake);
    }
}

TEST(RulesFile, knows_numbers_from_what_is_none) {
    for (const std::string_view header :
         {"\"4930\"", "\"+0*\"", "\"+49*30\"", "\"+*\"", "\"*\"", "\"+4\"", "\"+1234567890123456\"", "\"+49 30\"",
          "rest", "\"\"", "\"sip:a@example.org\"", "\"+1234567890123456*\""}) {
        EXPECT_TRUE(mistakes_in(fmt::format("[{}]\n", header)).contains("is no number: expected one such as"))
            << header << mistakes_in(fmt::format("[{}]\n", header));
    }
    for (const std::string_view header : {"\"+4930\"", "\"+4*\"", "\"+493012345678*\"", "default"}) {
        EXPECT_EQ(mistakes_in(fmt::format("[{}]\n", header)), "none") << header;
    }
    EXPECT_TRUE(mistakes_in("[defaults]\n").ends_with("did you mean default?"));
    EXPECT_EQ(mistakes_in("greeting = \"x\"\n"),
              "f:1:1: \"greeting\" stands before the first table; what counts for all numbers belongs under [default]");
}

TEST(RulesFile, tells_all_mistakes_at_once_in_their_order) {
    EXPECT_EQ(mistakes_in("[\"+49*\"]\nmax_calls = 0\nvoice_speed = 9\n\n[\"30\"]\n\n[\"+1*\"]\nvoice_style = 2\n"),
              "f:2:13: max_calls of \"+49*\" must be a whole number from 1 to 1000000\n"
              "f:3:15: voice_speed of \"+49*\" must be a number from 0.7 to 1.2\n"
              "f:5:2: \"30\" is no number: expected one such as \"+14155550100\", the beginning of some such as "
              "\"+1415*\", or default\n"
              "f:8:15: voice_style of \"+1*\" must be a number from 0 to 1");
}

TEST(RulesFile, tells_what_is_wrong_in_the_syntax) {
    EXPECT_TRUE(mistakes_in("[\"+49*\"]\ngreeting = Hello\n").starts_with("f:2:12: "));
    EXPECT_TRUE(mistakes_in("[\"+49*\"\n").starts_with("f:1:"));
    EXPECT_TRUE(mistakes_in("[default]\n[default]\n").starts_with("f:2:"));
    EXPECT_TRUE(mistakes_in("[default]\ngreeting = \"a\"\ngreeting = \"b\"\n").starts_with("f:3:"));
    EXPECT_TRUE(mistakes_in("[default]\ngreeting = \"\xFF\"\n").starts_with("f:2:"));
}

TEST(RulesFile, letters_of_any_script_outside_of_quotes_are_a_mistake) {
    for (const std::string_view text :
         {"[default\xC8\x9A]\n", "[default]\ngr\xC3\xBC\xC3\x9F = 1\n", "\xE2\x80\xAF[default]\n",
          "[default]\nmax_calls = \xF0\x9F\x98\x80\n", "\xC2\xA0\xE3\x80\x80x\n"}) {
        EXPECT_TRUE(mistakes_in(text).starts_with("f:")) << mistakes_in(text);
    }
}

TEST(RulesFile, never_quotes_a_value) {
    for (const std::string_view assignment : {"voice_id = \"sk_5ecre7 \"", "after_speech = \"sk_5ecre7\"",
                                              "password = \"sk_5ecre7\"", "x = \"sk_5ecre7\""}) {
        EXPECT_FALSE(mistakes_in(fmt::format("[default]\n{}\n", assignment)).contains("sk_5ecre7")) << assignment;
    }
}

TEST(RulesFile, cannot_command_a_terminal) {
    const std::string_view with_nul("[default]\nmax_calls = [f\0001]\n", 28);
    EXPECT_TRUE(std::ranges::none_of(mistakes_in(with_nul), [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
        << mistakes_in(with_nul);
    EXPECT_EQ(mistakes_in("[default]\n\"\\u001b[2J\" = 1\n"), "f:2:1: \"\\x1b[2J\" of \"default\" is no key");
}

TEST(RulesFile, is_bounded) {
    EXPECT_TRUE(mistakes_in(std::string(numbers::file_bytes_max + 1, '#')).contains("larger than 4 MiB"));
    std::string many, wrong;
    for (std::size_t i = 0; i <= numbers::rules_max; ++i) many += fmt::format("[\"+49{:07}\"]\n", i);
    EXPECT_TRUE(mistakes_in(many).contains("more than 10000 rules"));
    for (std::size_t i = 0; i < 1'000; ++i) wrong += fmt::format("[\"{}\"]\n", i);
    EXPECT_EQ(read_rules(wrong).error().size(), numbers::mistakes_max);
    EXPECT_FALSE(read_rules("x=" + std::string(100'000, '[')).has_value());
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RulesFile, the_page_about_it_is_right) {
    const std::string page = content_of(SOURCE_DIR "/docs/configuration.md");
    const auto begin = page.find("```toml\n");
    ASSERT_NE(begin, std::string::npos);
    const std::string example = page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
    const auto rules = read_rules(example);
    ASSERT_TRUE(rules) << list_of(rules.error(), "docs/configuration.md");
    EXPECT_EQ(rules->settings_for("+49301234567", {}).voice.language, "de");
    for (const numbers::Key& key : numbers::keys()) {
        EXPECT_TRUE(page.contains(fmt::format("`{}`", key.name))) << key.name << " is not on the page";
    }
}

TEST(RulesFile, the_example_is_right) {
    const std::string text = content_of(SOURCE_DIR "/deploy/numbers.example.toml");
    ASSERT_FALSE(text.empty());
    const auto rules = read_rules(text);
    ASSERT_TRUE(rules) << list_of(rules.error(), "deploy/numbers.example.toml");
    EXPECT_GE(rules->all().size(), 3u);
    for (const numbers::Key& key : numbers::keys()) {
        EXPECT_TRUE(text.contains(std::string(key.name) + " = ")) << key.name << " is not in the example";
    }
}

}  // namespace
