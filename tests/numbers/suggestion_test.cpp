#include "numbers/suggestion.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

constexpr std::array<std::string_view, 4> known = {"greeting", "voice_id", "voice_stability", "max_calls"};

TEST(Suggestion, is_the_nearest_word) {
    EXPECT_EQ(numbers::nearest("greetings", known), "greeting");
    EXPECT_EQ(numbers::nearest("greting", known), "greeting");
    EXPECT_EQ(numbers::nearest("voice-id", known), "voice_id");
    EXPECT_EQ(numbers::nearest("max_call", known), "max_calls");
}

TEST(Suggestion, knows_a_word_by_its_part) {
    EXPECT_EQ(numbers::nearest("stability", known), "voice_stability");
    EXPECT_EQ(numbers::nearest("voice", known), "voice_id");
}

TEST(Suggestion, is_none_for_what_is_far_from_all) {
    for (const std::string_view word : {"colour", "", "x", "id", "abcdefghijklmnopqrstuvwxyz"}) {
        EXPECT_EQ(numbers::nearest(word, known), "") << word;
    }
    EXPECT_EQ(numbers::nearest(std::string(10'000, 'g'), known), "");
}

}  // namespace
