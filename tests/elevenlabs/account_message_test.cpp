#include "elevenlabs/account_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace elevenlabs;

TEST(AccountMessage, reads_what_is_left_of_a_subscription) {
    const auto subscription = read_subscription(
        R"({"tier":"creator","character_count":1200,"character_limit":100000,"next_character_count_reset_unix":1900000000,
            "status":"active","voice_limit":30,"future_field":{"a":[1]}})");
    ASSERT_TRUE(subscription);
    EXPECT_EQ(subscription->tier, "creator");
    EXPECT_EQ(subscription->status, "active");
    EXPECT_EQ(subscription->characters_left(), 98'800);
    EXPECT_EQ(subscription->resets_at, 1'900'000'000);
}

TEST(AccountMessage, has_nothing_left_when_more_was_used_than_allowed) {
    const auto subscription = read_subscription(R"({"tier":"free","character_count":10400,"character_limit":10000})");
    ASSERT_TRUE(subscription);
    EXPECT_EQ(subscription->characters_left(), 0);
    EXPECT_FALSE(subscription->resets_at);
    EXPECT_EQ(subscription->status, "");
}

TEST(AccountMessage, reads_a_voice_and_knows_library_voices) {
    const auto premade = read_voice(R"({"voice_id":"21m00","name":"Rachel","category":"premade","settings":null})");
    ASSERT_TRUE(premade);
    EXPECT_EQ(premade->voice_id, "21m00");
    EXPECT_EQ(premade->name, "Rachel");
    EXPECT_FALSE(is_library_voice(*premade));
    EXPECT_TRUE(is_library_voice(*read_voice(R"({"voice_id":"x","category":"professional"})")));
}

TEST(AccountMessage, reads_the_list_of_models) {
    const auto models = read_models(
        R"([{"model_id":"eleven_flash_v2_5","can_do_text_to_speech":true,"concurrency_group":"turbo",
             "languages":[{"language_id":"en","name":"English"},{"language_id":"de"},{"name":"nameless"},7]},
            {"model_id":"eleven_english_sts_v2","can_do_text_to_speech":false}])");
    ASSERT_TRUE(models);
    ASSERT_EQ(models->size(), 2u);
    EXPECT_TRUE(models->at(0).speaks);
    EXPECT_EQ(models->at(0).languages, (std::vector<std::string>{"en", "de"}));
    EXPECT_FALSE(models->at(1).speaks);
}

TEST(AccountMessage, says_what_is_wrong_with_a_reply) {
    EXPECT_EQ(read_subscription("<html>").error(), AccountReplyError::not_json);
    EXPECT_EQ(read_subscription("[]").error(), AccountReplyError::unexpected);
    EXPECT_EQ(read_subscription(R"({"tier":"free"})").error(), AccountReplyError::unexpected);
    EXPECT_EQ(read_subscription(R"({"tier":"free","character_count":-1,"character_limit":5})").error(),
              AccountReplyError::unexpected);
    EXPECT_EQ(read_subscription(R"({"tier":"free","character_count":1e300,"character_limit":5})").error(),
              AccountReplyError::unexpected);
    EXPECT_EQ(read_voice(R"({"name":"Rachel"})").error(), AccountReplyError::unexpected);
    EXPECT_EQ(read_models(R"({"models":[]})").error(), AccountReplyError::unexpected);
    EXPECT_EQ(read_models("[7]").error(), AccountReplyError::unexpected);
    EXPECT_EQ(read_models(std::string(account_reply_bytes_max + 1, ' ')).error(), AccountReplyError::too_large);
}

TEST(AccountMessage, bounds_what_it_keeps_and_lets_no_control_character_through) {
    const auto voice = read_voice(R"({"voice_id":"x","name":"A\u001b[31m)" + std::string(5'000, 'n') + "\"}");
    ASSERT_TRUE(voice);
    EXPECT_LE(voice->name.size(), 200u);
    EXPECT_EQ(voice->name.find('\x1b'), std::string::npos);
}

TEST(AccountMessage, knows_how_many_requests_a_plan_lets_run_at_once) {
    EXPECT_EQ(concurrent_requests_of("free", true), 4u);
    EXPECT_EQ(concurrent_requests_of("creator", false), 5u);
    EXPECT_EQ(concurrent_requests_of("business", true), 30u);
    EXPECT_FALSE(concurrent_requests_of("enterprise", true));
}

TEST(AccountMessage, tells_turbo_models_by_their_group_before_their_name) {
    EXPECT_TRUE(is_turbo("eleven_flash_v2_5", nullptr));
    EXPECT_FALSE(is_turbo("eleven_multilingual_v2", nullptr));
    const ModelEntry standard{.model_id = "eleven_flash_v9", .concurrency_group = "standard", .languages = {}};
    EXPECT_FALSE(is_turbo("eleven_flash_v9", &standard));
}

}  // namespace
