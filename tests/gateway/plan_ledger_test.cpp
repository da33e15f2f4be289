#include "gateway/plan_ledger.hpp"

#include "tests/gateway/redis_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <string_view>

namespace {

using speech::PlanShare;
using std::chrono::milliseconds;

// An instance as the ledger sees it: keeps its word about what it uses.
struct Sharer {
    std::size_t demand = 0;     // in flight, if it may, and waiting
    std::size_t slots = 0;      // granted
    std::size_t in_flight = 0;  // never more than was granted when it began
    std::size_t held() const { return std::max(slots, in_flight); }
    void begin() { in_flight = std::max(in_flight, std::min(demand, slots)); }
};

class PlanLedgerTest : public test::RedisFixture {
protected:
    void SetUp() override {
        ASSERT_TRUE(becomes_true([&] { return store.ready(); }));
    }
    net::RedisResult command(const std::vector<std::string>& words) {
        return test::RedisFixture::command(store, words);
    }
    PlanShare::Grant put(const std::string& name, const PlanShare::Question& question) {
        const auto answer = command(gateway::plan_ledger_question(ledger, name, question));
        EXPECT_TRUE(answer) << answer.error().reason;
        const auto grant = answer ? gateway::plan_ledger_answer(*answer) : std::nullopt;
        EXPECT_TRUE(grant);
        return grant.value_or(PlanShare::Grant{});
    }
    PlanShare::Question question(std::size_t needs, std::size_t keeps = 0) const {
        return {.keeps = keeps,
                .needs = needs,
                .wants = needs + 1,
                .plan = plan,
                .lease = life,
                .gather = milliseconds(6'000)};
    }
    // It asks as an instance does: gives up what it does not need, takes what it is granted, and begins requests.
    void ask(const std::string& name, milliseconds lease = life) {
        Sharer& sharer = sharers[name];
        sharer.in_flight = std::min(sharer.in_flight, sharer.demand);
        sharer.slots = std::min(sharer.slots, sharer.demand + 1);
        auto asked = question(sharer.demand, sharer.held());
        asked.lease = lease;
        sharer.slots = put(name, asked).slots.value_or(0);
        sharer.begin();
    }
    void ask_all() {
        for (auto& [name, sharer] : sharers) ask(name);
    }
    void die(const std::string& name) {
        ask(name, milliseconds(1));  // the last it was heard of
        sharers.erase(name);
        const auto end = net::Clock::now() + milliseconds(5);
        while (net::Clock::now() < end) loop.turn(end);
    }
    std::size_t held() const {
        return std::accumulate(sharers.begin(), sharers.end(), std::size_t{0},
                               [](std::size_t sum, const auto& each) { return sum + each.second.held(); });
    }
    // When all have heard of each other: as fair as it can be, and nothing lies idle that somebody needs.
    void check_fairness() const {
        const std::size_t least = plan >= sharers.size() ? 1 : 0;
        std::size_t needed = 0;
        for (const auto& [name, sharer] : sharers) needed += std::max(sharer.demand, least);
        EXPECT_GE(held(), std::min(plan, needed));
        for (const auto& [name, sharer] : sharers) {
            EXPECT_GE(sharer.slots, least) << name;
            if (sharer.slots >= sharer.demand) continue;
            for (const auto& [other_name, other] : sharers) {
                EXPECT_LE(other.slots, sharer.slots + 1) << name << " is short, and " << other_name << " has more";
            }
        }
    }

    static constexpr milliseconds life{3'600'000};
    const std::string ledger = gateway::plan_ledger_name("sk_test");
    std::size_t plan = 5;
    std::map<std::string, Sharer> sharers;

    gateway::SharedStore store{loop, test::redis_at(redis.port()), record};
};

TEST_F(PlanLedgerTest, whoever_is_alone_gets_all_it_needs_and_one_more) {
    EXPECT_EQ(put("a", question(3)).slots, 4u);
    EXPECT_EQ(put("a", question(30)).slots, 5u);
    EXPECT_EQ(put("a", question(0)).slots, 1u);
}

TEST_F(PlanLedgerTest, nobody_gets_what_another_still_holds) {
    EXPECT_EQ(put("a", question(9)).slots, 5u);
    const auto second = put("b", question(9));
    EXPECT_EQ(second.slots, 0u);
    EXPECT_TRUE(second.shortage);
    EXPECT_EQ(put("a", question(9, 5)).slots, 3u) << "its new share; it still has five in flight";
    EXPECT_EQ(put("b", question(9)).slots, 0u);
    EXPECT_EQ(put("a", question(9, 3)).slots, 3u);
    EXPECT_EQ(put("b", question(9)).slots, 2u);
}

TEST_F(PlanLedgerTest, who_needs_little_leaves_the_rest_to_who_needs_more) {
    plan = 10;
    sharers = {{"a", {.demand = 1}}, {"b", {.demand = 20}}, {"c", {.demand = 3}}};
    for (int i = 0; i < 3; ++i) {
        ask_all();
        for (auto& [name, sharer] : sharers) sharer.in_flight = 0;
    }
    EXPECT_EQ(sharers["a"].slots, 1u);
    EXPECT_EQ(sharers["b"].slots, 6u);
    EXPECT_EQ(sharers["c"].slots, 3u);
}

TEST_F(PlanLedgerTest, a_plan_smaller_than_the_number_of_instances_goes_round) {
    plan = 2;
    std::map<std::string, int> served;
    sharers = {{"a", {.demand = 9}}, {"b", {.demand = 9}}, {"c", {.demand = 9}}, {"d", {.demand = 9}}};
    for (int i = 0; i < 40; ++i) {
        for (auto& [name, sharer] : sharers) {
            ask(name);
            ASSERT_LE(held(), plan);
            served[name] += sharer.in_flight > 0;
            sharer.in_flight = 0;  // done before it asks again
        }
    }
    for (const auto& [name, times] : served) EXPECT_GE(times, 5) << name;
    EXPECT_EQ(served.size(), 4u);
}

TEST_F(PlanLedgerTest, what_a_dead_instance_held_is_the_others_after_its_lease) {
    sharers = {{"a", {.demand = 9}}, {"b", {.demand = 9}}};
    for (int i = 0; i < 3; ++i) ask_all();
    EXPECT_EQ(held(), 5u);
    die("a");
    ask("b");
    EXPECT_EQ(sharers["b"].slots, 5u);
    EXPECT_EQ(command({"HLEN", ledger})->number, 2) << "b, and who is waited for";
}

TEST_F(PlanLedgerTest, the_plan_is_the_least_that_anybody_was_told) {
    auto less = question(9);
    less.plan = 3;
    put("a", less);
    EXPECT_EQ(put("b", question(9)).plan, 3u);
}

TEST_F(PlanLedgerTest, a_plan_that_nobody_stated_is_what_was_seen_last) {
    plan = 0;
    const auto unknown = put("a", question(9));
    EXPECT_FALSE(unknown.slots);
    EXPECT_FALSE(unknown.shortage);
    auto seen = question(9);
    seen.plan_seen = 4;
    seen.plan_seen_ago = milliseconds(1'000);
    EXPECT_EQ(put("a", seen).slots, 4u);
    auto seen_earlier = seen;
    seen_earlier.plan_seen = 9;
    seen_earlier.plan_seen_ago = milliseconds(60'000);
    EXPECT_EQ(put("b", seen_earlier).plan, 4u);
    EXPECT_EQ(put("c", question(0)).plan, 4u) << "who has seen nothing learns it from the others";
    seen.plan_seen = 6;
    seen.plan_seen_ago = milliseconds(0);
    EXPECT_EQ(put("b", seen).plan, 6u);
}

TEST_F(PlanLedgerTest, after_it_came_up_empty_those_that_were_there_are_waited_for) {
    auto back = question(9);
    back.instances = 3;
    EXPECT_EQ(put("a", back).slots, 1u) << "a third of five";
    auto again = back;
    again.instances = 1;  // it has heard of nobody else since
    EXPECT_EQ(put("a", again).slots, 1u);
    EXPECT_EQ(put("b", back).slots, 1u);
    back.keeps = 1;
    put("c", back);
    std::size_t sum = 0;
    for (const char* name : {"a", "b", "c"}) sum += put(name, back).slots.value_or(0);
    EXPECT_GE(sum, 5u) << "all are back: no need to wait";
}

TEST_F(PlanLedgerTest, those_that_do_not_come_back_are_not_waited_for_long) {
    auto back = question(9);
    back.instances = 3;
    back.gather = milliseconds(1);
    EXPECT_EQ(put("a", back).slots, 1u);
    const auto end = net::Clock::now() + milliseconds(5);
    while (net::Clock::now() < end) loop.turn(end);
    EXPECT_EQ(put("a", back).slots, 5u);
}

TEST_F(PlanLedgerTest, what_is_no_entry_of_ours_is_passed_over) {
    EXPECT_TRUE(command({"HSET", ledger, "stranger", "nonsense", ".seen", "x"}));
    EXPECT_EQ(put("a", question(9)).slots, 5u);
    EXPECT_EQ(command({"HEXISTS", ledger, "stranger"})->number, 0);
    EXPECT_TRUE(command({"SET", ledger, "not a hash"}));
    EXPECT_FALSE(command(gateway::plan_ledger_question(ledger, "a", question(1))));
}

TEST_F(PlanLedgerTest, its_entries_expire) {
    put("a", question(1));
    EXPECT_GT(command({"PTTL", ledger})->number, 0);
}

// Whatever joins, needs, dies and in whatever order they ask: never more than the plan, and soon as fair as can be.
TEST_F(PlanLedgerTest, holds_whatever_happens) {
    std::mt19937 random(20'260);
    const auto up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
    int joined = 0;
    for (int round = 0; round < 60; ++round) {
        if (round % 15 == 0) {  // a plan of another size
            sharers.clear();
            EXPECT_TRUE(command({"DEL", ledger}));
            plan = 1 + up_to(24);
        }
        for (std::size_t joins = up_to(2); joins > 0 && sharers.size() < 8; --joins)
            sharers["i" + std::to_string(joined++)] = {};
        if (sharers.size() > 1 && up_to(3) == 0)
            die(std::next(sharers.begin(), static_cast<std::ptrdiff_t>(up_to(sharers.size() - 1)))->first);
        for (auto& [name, sharer] : sharers) sharer.demand = up_to(3) == 0 ? 0 : up_to(plan);
        for (std::size_t asks = 0; asks < 3 * sharers.size(); ++asks) {
            const auto one = std::next(sharers.begin(), static_cast<std::ptrdiff_t>(up_to(sharers.size() - 1)));
            if (up_to(2) == 0) one->second.in_flight -= std::min<std::size_t>(one->second.in_flight, 1 + up_to(2));
            ask(one->first);
            ASSERT_LE(held(), plan) << "round " << round;
        }
        for (auto& [name, sharer] : sharers) sharer.in_flight = 0;  // what they had begun ends
        for (int i = 0; i < 3; ++i) {
            ask_all();
            ASSERT_LE(held(), plan) << "round " << round;
            for (auto& [name, sharer] : sharers) sharer.in_flight = std::min(sharer.in_flight, sharer.slots);
        }
        if (plan >= sharers.size()) check_fairness();
    }
}

}  // namespace
