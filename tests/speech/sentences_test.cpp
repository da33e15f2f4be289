#include "speech/sentences.hpp"

#include "speech/text_breaks.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

using Pieces = std::vector<std::string>;

Pieces cut(std::string_view text, speech::SentenceCutter::Options options = {.sentence_bytes_min = 1}) {
    speech::SentenceCutter cutter(options);
    const auto views = cutter.cut(text);
    return {views.begin(), views.end()};
}

TEST(Sentences, are_whole_and_keep_their_trailing_space) {
    EXPECT_EQ(cut("Hello there. How are you? Fine!"), (Pieces{"Hello there. ", "How are you? ", "Fine!"}));
}

TEST(Sentences, do_not_end_at_abbreviations) {
    EXPECT_EQ(cut("Dr. Smith met Mr. Jones. They left."), (Pieces{"Dr. Smith met Mr. Jones. ", "They left."}));
    EXPECT_EQ(cut("Bring fruit, e.g. Apples or pears. Thanks."),
              (Pieces{"Bring fruit, e.g. Apples or pears. ", "Thanks."}));
    EXPECT_EQ(cut("Open from 9 a.m. Monday to Friday. Bye."), (Pieces{"Open from 9 a.m. Monday to Friday. ", "Bye."}));
    EXPECT_EQ(cut("Viele Tiere, z.B. Hunde, bellen. Katzen nicht."),
              (Pieces{"Viele Tiere, z.B. Hunde, bellen. ", "Katzen nicht."}));
}

TEST(Sentences, do_not_end_inside_numbers) {
    EXPECT_EQ(cut("It costs 3.50 dollars. Version 2.0 is out."),
              (Pieces{"It costs 3.50 dollars. ", "Version 2.0 is out."}));
}

TEST(Sentences, are_found_in_scripts_without_spaces_or_latin_full_stops) {
    EXPECT_EQ(cut("你好。今天天气很好！我们走吧？"), (Pieces{"你好。", "今天天气很好！", "我们走吧？"}));
    EXPECT_EQ(cut("नमस्ते। आप कैसे हैं?"), (Pieces{"नमस्ते। ", "आप कैसे हैं?"}));
    EXPECT_EQ(cut("Привет. Как дела?"), (Pieces{"Привет. ", "Как дела?"}));
    EXPECT_EQ(cut("مرحبا. كيف حالك؟ شكرا."), (Pieces{"مرحبا. ", "كيف حالك؟ ", "شكرا."}));
}

TEST(Sentences, that_are_tiny_join_a_neighbour) {
    EXPECT_EQ(cut("Hi! This is the pharmacy on Main Street. OK?", {}),
              (Pieces{"Hi! This is the pharmacy on Main Street. OK?"}));
    EXPECT_EQ(cut("This is the pharmacy on Main Street. How may we help you?", {}),
              (Pieces{"This is the pharmacy on Main Street. ", "How may we help you?"}));
}

TEST(Sentences, that_are_long_are_cut_after_a_clause) {
    const std::string text =
        "First we look at the left side, then we look at the right side and go on for a while without a mark";
    EXPECT_EQ(cut(text, {.sentence_bytes_max = 60, .sentence_bytes_min = 1})[0], "First we look at the left side, ");
}

TEST(Sentences, that_are_long_are_cut_before_a_word_when_there_is_no_clause) {
    const Pieces pieces =
        cut("one two three four five six seven eight", {.sentence_bytes_max = 19, .sentence_bytes_min = 1});
    EXPECT_EQ(pieces, (Pieces{"one two three four ", "five six seven ", "eight"}));
}

TEST(Sentences, that_are_one_long_word_are_cut_between_characters) {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "e\u0301";  // e and a combining accent: three bytes that belong together
    for (const std::string& piece : cut(text, {.sentence_bytes_max = 20, .sentence_bytes_min = 1}))
        EXPECT_EQ(piece.size() % 3, 0U);
}

TEST(Sentences, of_nothing_are_none) {
    EXPECT_TRUE(cut("").empty());
}

// Whatever the bytes: nothing lost, nothing twice, every piece within the bound and not empty.
TEST(Sentences, joined_are_the_text_again) {
    static constexpr const char* parts[] = {
        "a",     "Dr. ",    ". ",   "! ",       "  ",    "\n\n",  "你好",
        "。",    "é",       "\xE9", "\xF0\x9F", "😀",    "3.14 ", ", ",
        "word ", "ไทยภาษา", "\xFF", "?",        "e.g. ", "\r",    "supercalifragilistic",
        "؟ "};
    speech::SentenceCutter cutter({.sentence_bytes_max = 40, .sentence_bytes_min = 10});
    std::minstd_rand random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto n = random() % 60; n > 0; --n) text += parts[random() % std::size(parts)];
        std::string joined;
        for (const std::string_view piece : cutter.cut(text)) {
            EXPECT_LE(piece.size(), 40U);
            EXPECT_FALSE(piece.empty());
            joined += piece;
        }
        ASSERT_EQ(joined, text);
    }
}

TEST(TextBreaks, go_back_to_the_start_of_the_word) {
    speech::TextBreaks words(speech::TextBreaks::Unit::word);
    const std::string_view text = "Hello, world again.";
    EXPECT_EQ(words.at_or_before(text, 0), 0U);
    EXPECT_EQ(words.at_or_before(text, 3), 0U);
    EXPECT_EQ(words.at_or_before(text, 6), 0U);  // between the words: the word before, so nothing is lost
    EXPECT_EQ(words.at_or_before(text, 7), 7U);
    EXPECT_EQ(words.at_or_before(text, 10), 7U);
    EXPECT_EQ(words.at_or_before(text, 18), 13U);
    EXPECT_EQ(words.at_or_before(text, 99), text.size());
}

TEST(TextBreaks, know_words_of_scripts_without_spaces) {
    speech::TextBreaks words(speech::TextBreaks::Unit::word);
    const std::string_view text = "今天天气很好";
    const std::size_t at = words.at_or_before(text, 8);
    EXPECT_EQ(at, 6U);  // 今天|天气: the start of the second word
}

}  // namespace
