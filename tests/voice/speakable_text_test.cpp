#include "voice/speakable_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace voice {
namespace {

TEST(SpeakableText, leaves_plain_english_alone) {
    EXPECT_EQ(speakable_text("Hello, Dr. Smith: it's 10% off (today)!"), "Hello, Dr. Smith: it's 10% off (today)!");
}

TEST(SpeakableText, parts_words_by_single_spaces) {
    EXPECT_EQ(speakable_text("  one\ttwo\r\n\r\nthree\x01"
                             "four  "),
              "one two three four");
}

TEST(SpeakableText, drops_accents_composed_or_not) {
    EXPECT_EQ(
        speakable_text("Ana Mar\u00eda O\u2019Neill, \u0141\u00f3d\u017a, Stra\u00dfe, \u00c6r\u00f8, cafe\u0301"),
        "Ana Maria O'Neill, Lodz, Strasse, AEro, cafe");
}

TEST(SpeakableText, folds_every_latin_letter_to_letters) {
    for (int code = 0xC0; code < 0x180; ++code) {
        if (code == 0xD7 || code == 0xF7) continue;  // the signs of multiplication and division
        const std::string letter{static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
        const std::string folded = speakable_text(letter);
        EXPECT_FALSE(folded.empty()) << code;
        EXPECT_TRUE(std::ranges::all_of(folded, [](char c) { return std::isalpha(c) != 0; })) << code << folded;
    }
    EXPECT_EQ(speakable_text("\u0100 \u013f \u0140 \u017e \u017f"), "A L l z s");  // both ends of the table's rows
}

TEST(SpeakableText, says_typographic_punctuation_and_symbols_in_plain_ones) {
    EXPECT_EQ(speakable_text("\u201cYes\u201d \u2014 she said\u2026 \u00a35 or \u20ac6"),
              "Yes, she said, pounds 5 or euros 6");
    EXPECT_EQ(speakable_text("salt & pepper @ 20 \u00b0 = 1 + 1 %"),
              "salt and pepper at 20 degrees equals 1 plus 1 percent");
}

TEST(SpeakableText, keeps_a_lone_pause_mark_as_the_pause_of_the_word_before) {
    EXPECT_EQ(speakable_text("Wait . Go ... on ! !"), "Wait. Go. on!");
    EXPECT_EQ(speakable_text("... on"), "on");
    EXPECT_EQ(speakable_text("Yes! ! No"), "Yes! No");
}

TEST(SpeakableText, is_empty_when_there_is_nothing_to_say) {
    for (const char* text : {"", "   ", "\n\t", "...", "?! ;; --", "\u4f60\u597d",
                             "\u041f\u0440\u0438\u0432\u0435\u0442", "\U0001F600", "\xFF\xFE\x80"})
        EXPECT_EQ(speakable_text(text), "") << text;
}

TEST(SpeakableText, steps_over_broken_utf8_byte_by_byte) {
    EXPECT_EQ(speakable_text("a\xC3"), "a");                 // cut off
    EXPECT_EQ(speakable_text("a\xC3(b"), "a (b");            // a lead byte without its follower
    EXPECT_EQ(speakable_text("a\xC1\xA1z"), "a z");          // overlong 'a'
    EXPECT_EQ(speakable_text("a\xED\xA0\x80z"), "a z");      // half of a surrogate pair
    EXPECT_EQ(speakable_text("a\xF4\x90\x80\x80z"), "a z");  // beyond Unicode
    EXPECT_EQ(speakable_text(std::string("a\0z", 3)), "a z");
}

TEST(SpeakableText, cuts_endless_words) {
    const std::string endless(1000, 'w');
    const std::string cut = speakable_text(endless);
    EXPECT_EQ(std::ranges::count(cut, 'w'), 1000);
    EXPECT_EQ(cut.find(' '), 50U);
}

TEST(SpeakableText, keeps_its_promise_for_any_bytes) {
    std::mt19937 random(1);
    for (int round = 0; round < 5000; ++round) {
        std::string text(random() % 200, ' ');
        for (char& c : text) c = static_cast<char>(random() % (round % 2 == 0 ? 256 : 128));
        const std::string speakable = speakable_text(text);
        ASSERT_TRUE(std::ranges::all_of(speakable, [](char c) { return c >= 0x20 && c < 0x7F; }));
        for (std::size_t i = 0; i < speakable.size();) {
            const std::size_t end = std::min(speakable.find(' ', i), speakable.size());
            const auto word = speakable.substr(i, end - i);
            ASSERT_TRUE(std::ranges::any_of(word, [](char c) { return std::isalnum(c) != 0; })) << speakable;
            i = end + 1;
        }
        ASSERT_EQ(speakable_text(speakable), speakable);
    }
}

}  // namespace
}  // namespace voice
