#include "call/speech_marks.hpp"

#include <gtest/gtest.h>

namespace call {
namespace {

using namespace std::chrono_literals;
using Echo = SpeechMarks::Echo;

TEST(SpeechMarks, come_after_each_interval_and_at_the_end_of_an_utterance) {
    SpeechMarks marks(1s);
    marks.sent(600ms);
    EXPECT_EQ(marks.due(0), std::nullopt);
    marks.sent(400ms);
    EXPECT_TRUE(marks.due(0));
    EXPECT_EQ(marks.due(0), std::nullopt);
    marks.sent(20ms);
    EXPECT_EQ(marks.due(0), std::nullopt);
    EXPECT_TRUE(marks.due(1));
    EXPECT_EQ(marks.due(1), std::nullopt);
}

TEST(SpeechMarks, are_not_repeated_when_an_utterance_ends_where_one_was_set) {
    SpeechMarks marks(1s);
    marks.sent(1s);
    EXPECT_TRUE(marks.due(0));
    EXPECT_EQ(marks.due(1), std::nullopt);
}

TEST(SpeechMarks, tell_how_far_was_heard) {
    SpeechMarks marks(1s);
    marks.sent(1s);
    const auto first = marks.due(0);
    marks.sent(1s);
    const auto second = marks.due(0);
    EXPECT_EQ(marks.echoed(*first), Echo::heard);
    EXPECT_EQ(marks.heard(), 1s);
    EXPECT_EQ(marks.unheard(), 1s);
    EXPECT_EQ(marks.echoed(*second), Echo::heard);
    EXPECT_TRUE(marks.all_heard());
    EXPECT_EQ(marks.echoed(*first), Echo::stale);
    EXPECT_EQ(marks.heard(), 2s);
}

TEST(SpeechMarks, that_were_cleared_prove_nothing) {
    SpeechMarks marks(1s);
    marks.sent(1s);
    const auto flushed = marks.due(0);
    marks.cleared(300ms);
    EXPECT_EQ(marks.echoed(*flushed), Echo::stale);
    EXPECT_EQ(marks.heard(), 300ms);
    EXPECT_TRUE(marks.all_heard());
    marks.sent(1s);
    EXPECT_NE(*marks.due(0), *flushed);
}

TEST(SpeechMarks, outrank_our_own_reckoning_when_clearing) {
    SpeechMarks marks(1s);
    marks.sent(1s);
    EXPECT_EQ(marks.echoed(*marks.due(0)), Echo::heard);
    marks.sent(1s);
    marks.cleared(400ms);
    EXPECT_EQ(marks.heard(), 1s);
    marks.sent(1s);
    marks.cleared(50s);
    EXPECT_EQ(marks.heard(), 2s);
}

TEST(SpeechMarks, of_others_are_alien) {
    SpeechMarks marks(1s);
    marks.sent(2s);
    marks.due(0);
    marks.sent(2s);
    for (const auto* name :
         {"", ".", "0", "0.", ".1", "hello", "0.x", "0.1 ", "-1.1", "0.4000", "1.0", "0.99999999999999"})
        EXPECT_EQ(marks.echoed(name), Echo::alien) << name;
    EXPECT_EQ(marks.heard(), 0s);
}

}  // namespace
}  // namespace call
