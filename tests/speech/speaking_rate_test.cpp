#include "speech/speaking_rate.hpp"

#include "audio/mulaw.hpp"

#include <gtest/gtest.h>

namespace {

using namespace speech;

std::size_t bytes_of(double seconds) {
    return static_cast<std::size_t>(seconds * audio::sample_rate_hz);
}

TEST(SpokenUnits, weigh_what_takes_long_to_say) {
    EXPECT_EQ(spoken_units("hello"), 5U);
    EXPECT_EQ(spoken_units("grüße"), 5U);  // characters, not bytes
    EXPECT_EQ(spoken_units("42"), 8U);
    EXPECT_EQ(spoken_units("你好"), 6U);
    EXPECT_EQ(spoken_units("\xFF\xF0\x9F"), 2U + (spoken_units("\xF0\x9F") - 1U));
}

TEST(SpokenUnits, lead_to_an_offset_between_characters) {
    const std::string_view text = "grüße";
    EXPECT_EQ(offset_after(text, 0), 0U);
    EXPECT_EQ(offset_after(text, 2.9), 2U);
    EXPECT_EQ(offset_after(text, 3), 4U);
    EXPECT_EQ(offset_after(text, 99), text.size());
}

TEST(IsSpeakable, asks_for_a_letter_digit_or_symbol) {
    EXPECT_TRUE(is_speakable("a"));
    EXPECT_TRUE(is_speakable(" 7!"));
    EXPECT_TRUE(is_speakable("… 好"));
    EXPECT_TRUE(is_speakable("$"));
    EXPECT_FALSE(is_speakable(""));
    EXPECT_FALSE(is_speakable(" …!?\n- "));
}

TEST(CutShort, is_what_nobody_can_say_so_fast) {
    const std::string sentence = "Sixty letters or so are four seconds of speech for most of us";
    EXPECT_FALSE(is_cut_short(sentence, bytes_of(4)));
    EXPECT_FALSE(is_cut_short(sentence, bytes_of(1.5)));
    EXPECT_TRUE(is_cut_short(sentence, bytes_of(0.9)));
    EXPECT_TRUE(is_cut_short(sentence, 0));
    EXPECT_FALSE(is_cut_short("Hi.", bytes_of(0.01))) << "a word or two may be fast";
    EXPECT_FALSE(is_cut_short("-----------------------------------", 0)) << "nothing that makes a sound";
}

TEST(SpeakingRates, are_standard_until_measured) {
    SpeakingRates rates;
    EXPECT_EQ(rates.units_per_second("v"), 15);
    rates.learn("v", "twenty letters or so.", bytes_of(2.1));
    EXPECT_NEAR(rates.units_per_second("v"), 10, 0.01);
    EXPECT_EQ(rates.units_per_second("w"), 15);
}

TEST(SpeakingRates, are_not_measured_by_a_word_or_two) {
    SpeakingRates rates;
    rates.learn("v", "Hi.", bytes_of(2));
    EXPECT_EQ(rates.units_per_second("v"), 15);
}

}  // namespace
