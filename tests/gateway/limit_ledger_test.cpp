#include "gateway/limit_ledger.hpp"

#include "gateway/shared_places.hpp"
#include "tests/gateway/clip_fixture.hpp"
#include "tests/gateway/redis_fixture.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>

namespace {

using gateway::LimitLedger;
using gateway::NumberPlaces;
using gateway::SharedPlaces;
using gateway::SharedStore;
using gateway::StoreRecord;
using gateway::StoreUse;
using std::chrono::milliseconds;
using Verdict = LimitLedger::Verdict;

class LimitLedgerTest : public test::RedisFixture {
protected:
    void SetUp() override {
        ASSERT_TRUE(becomes_true([&] { return store.ready(); }));
    }
    Verdict admit(const LimitLedger::Question& question) {
        return LimitLedger::verdict_of(command(ledger.admit(question)));
    }
    Verdict call_from(std::string_view caller, double per_minute) {
        return admit(
            {.caller = caller, .calls_per_minute = per_minute, .number = "+1", .calls_max = 0, .call_sid = "CA"});
    }
    Verdict call_to(std::string_view number, std::size_t calls_max, std::string_view call_sid) {
        return admit(
            {.caller = {}, .calls_per_minute = 0, .number = number, .calls_max = calls_max, .call_sid = call_sid});
    }
    std::int64_t keys() { return command({"DBSIZE"})->number; }

    net::RedisResult command(const std::vector<std::string>& words) {
        return test::RedisFixture::command(store, words);
    }

    SharedStore store{loop, test::redis_at(redis.port()), record};
    const LimitLedger ledger{Secret("token"), milliseconds(600'000)};
};

TEST_F(LimitLedgerTest, a_caller_may_call_so_often_at_once_and_then_at_that_rate) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(call_from("+49301", 3), Verdict::admitted);
    EXPECT_EQ(call_from("+49301", 3), Verdict::caller);
    EXPECT_EQ(call_from("+49302", 3), Verdict::admitted) << "another one has a rate of his own";
    EXPECT_EQ(call_from("+49303", 60'000), Verdict::admitted);
    EXPECT_TRUE(becomes_true([&] { return keys() == 2; })) << "what has passed is forgotten: a thousandth of a second";
}

TEST_F(LimitLedgerTest, a_call_turned_away_is_not_counted) {
    EXPECT_EQ(call_from("+49301", 1), Verdict::admitted);
    const auto before = command({"KEYS", "mouthpiece:caller:*"})->list.at(0).text;
    const auto until = command({"GET", before})->text;
    EXPECT_EQ(call_from("+49301", 1), Verdict::caller);
    EXPECT_EQ(command({"GET", before})->text, until);
    EXPECT_EQ(call_to("+1", 1, "CA1"), Verdict::admitted);
    const LimitLedger::Question both{
        .caller = "+49302", .calls_per_minute = 1, .number = "+1", .calls_max = 1, .call_sid = "CA2"};
    EXPECT_EQ(admit(both), Verdict::number);
    EXPECT_EQ(call_from("+49302", 1), Verdict::admitted) << "nor is the caller charged for a busy number";
}

TEST_F(LimitLedgerTest, a_number_has_so_many_calls_until_one_is_given_back) {
    EXPECT_EQ(call_to("+1", 2, "CA1"), Verdict::admitted);
    EXPECT_EQ(call_to("+1", 2, "CA2"), Verdict::admitted);
    EXPECT_EQ(call_to("+1", 2, "CA3"), Verdict::number);
    EXPECT_EQ(call_to("+1", 2, "CA2"), Verdict::admitted) << "who has a place keeps it";
    EXPECT_EQ(call_to("+2", 1, "CA4"), Verdict::admitted) << "another number has its own";
    EXPECT_EQ(command(ledger.give_back("+1", "CA1"))->number, 1);
    EXPECT_EQ(call_to("+1", 2, "CA3"), Verdict::admitted);
}

TEST_F(LimitLedgerTest, places_that_nobody_renews_are_free) {
    const LimitLedger short_lived{Secret("token"), milliseconds(1)};
    const auto words =
        short_lived.admit({.caller = {}, .calls_per_minute = 0, .number = "+1", .calls_max = 1, .call_sid = "CA1"});
    EXPECT_EQ(LimitLedger::verdict_of(command(words)), Verdict::admitted);
    EXPECT_TRUE(becomes_true([&] { return call_to("+1", 1, "CA2") == Verdict::admitted; }));
    const std::vector<std::string> calls{"CA2", "CA3"};
    EXPECT_EQ(command(ledger.renew("+1", calls))->number, 2);
    EXPECT_EQ(call_to("+1", 2, "CA4"), Verdict::number) << "CA3 came along with its call";
}

TEST_F(LimitLedgerTest, tells_nobody_the_numbers) {
    call_from("+4930123456", 3);
    call_to("+4930654321", 3, "CA1");
    const auto names = command({"KEYS", "*"});
    ASSERT_EQ(names->list.size(), 2u);
    for (const auto& name : names->list) EXPECT_EQ(name.text.find("4930"), std::string::npos) << name.text;
    EXPECT_NE(ledger.give_back("+1", "CA1"), LimitLedger(Secret("other"), milliseconds(1)).give_back("+1", "CA1"));
}

TEST_F(LimitLedgerTest, no_answer_is_no_verdict) {
    EXPECT_EQ(LimitLedger::verdict_of(std::unexpected(net::RedisFailure{})), Verdict::unknown);
    EXPECT_EQ(LimitLedger::verdict_of(net::RedisValue{}), Verdict::unknown);
}

// An instance with its calls.
class SharedPlacesTest : public LimitLedgerTest {
protected:
    std::string rules() const {
        const std::string path = (temporary / "numbers.toml").string();
        std::ofstream(path) << "[\"+15550100\"]\nmax_calls = 2\n";
        return path;
    }
    std::int64_t shared() {
        const auto names = command({"KEYS", "mouthpiece:places:*"});
        return names->list.empty() ? 0 : command({"ZCARD", names->list[0].text})->number;
    }

    test::TemporaryDirectory temporary;
    gateway::NumbersFile numbers{rules(), {}, false};
    NumberPlaces places{{}};
    SharedPlaces sharing{loop, store, ledger, places, numbers, milliseconds(5)};
};

TEST_F(SharedPlacesTest, calls_at_a_limited_number_keep_their_places_until_they_end) {
    ASSERT_TRUE(places.take("+15550100", "CA1", 0, loop.now()));  // taken over from another instance
    ASSERT_TRUE(places.take("+17770100", "CA2", 0, loop.now()));
    places.opened("CA1", 1);
    EXPECT_TRUE(becomes_true([&] { return shared() == 1; }));
    EXPECT_TRUE(command({"FLUSHALL"}));
    EXPECT_TRUE(becomes_true([&] { return shared() == 1; })) << "Redis has lost it";
    places.closed("CA1", 1);
    EXPECT_TRUE(becomes_true([&] { return shared() == 0; }));
    EXPECT_EQ(keys(), 0) << "of the other number nothing is kept";
}

TEST_F(SharedPlacesTest, a_call_turned_away_gives_its_place_back) {
    ASSERT_TRUE(places.take("+15550100", "CA1", 2, loop.now()));
    EXPECT_TRUE(becomes_true([&] { return shared() == 1; }));
    places.give_up("CA1");
    EXPECT_EQ(places.taken("+15550100"), 0u);
    EXPECT_TRUE(becomes_true([&] { return shared() == 0; }));
}

}  // namespace
