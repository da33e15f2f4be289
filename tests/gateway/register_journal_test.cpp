#include "gateway/register_journal.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::RegisterJournal;
using std::chrono::seconds;

const RegisterJournal::Instant opening{seconds(100)};

TEST(RegisterJournal, leaves_word_at_the_first_change_and_not_again_before_it_is_read) {
    RegisterJournal journal;
    int woken = 0;
    journal.follow([&] { ++woken; });
    journal.note("CA1", opening);
    journal.note("CA2", opening);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(journal.take().changes.size(), 2u);
    journal.note("CA1", std::nullopt);
    EXPECT_EQ(woken, 2);
}

TEST(RegisterJournal, tells_how_a_call_stands_and_not_how_it_came_there) {
    RegisterJournal journal;
    journal.follow([] {});
    journal.note("CA1", opening);
    journal.note("CA1", std::nullopt);
    journal.note("CA1", opening + seconds(1));
    EXPECT_EQ(journal.take().changes, (RegisterJournal::Changes{{"CA1", opening + seconds(1)}}));
    EXPECT_TRUE(journal.take().changes.empty());
}

TEST(RegisterJournal, keeps_nothing_for_nobody) {
    RegisterJournal journal;
    journal.note("CA1", opening);
    journal.follow([] {});
    EXPECT_TRUE(journal.take().changes.empty());
}

TEST(RegisterJournal, says_that_there_were_too_many) {
    RegisterJournal journal(2);
    journal.follow([] {});
    for (const char* sid : {"CA1", "CA2", "CA3"}) journal.note(sid, opening);
    journal.note("CA1", std::nullopt);  // of one that it has, it can tell
    const auto taken = journal.take();
    EXPECT_TRUE(taken.some_lost);
    EXPECT_EQ(taken.changes, (RegisterJournal::Changes{{"CA1", std::nullopt}, {"CA2", opening}}));
    EXPECT_FALSE(journal.take().some_lost);
}

}  // namespace
