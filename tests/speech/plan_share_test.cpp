#include "speech/plan_share.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using speech::PlanShare;
using speech::RequestSlots;
using Standing = PlanShare::Standing;

class PlanShareTest : public testing::Test {
protected:
    void granted(std::size_t slots, std::size_t plan, std::size_t instances, bool shortage = false) {
        share.answered({.slots = slots, .plan = plan, .instances = instances, .shortage = shortage}, now);
    }
    // nullopt: the whole plan is ours.
    std::optional<std::size_t> slots() const {
        const auto ours = share.share(now);
        return ours ? std::optional(ours->slots) : std::nullopt;
    }

    speech::Instant now{100h};
    PlanShare share{{}};
};

TEST_F(PlanShareTest, without_ever_an_answer_the_whole_plan_is_ours) {
    EXPECT_EQ(share.standing(now), Standing::alone);
    EXPECT_FALSE(share.share(now));
    EXPECT_EQ(share.question({.in_flight = 7, .waiting = 0, .limit = 0}, {}, now).keeps, 7u);
    EXPECT_FALSE(share.changes_at(now));
}

TEST_F(PlanShareTest, a_grant_counts_for_its_lease) {
    granted(6, 10, 2);
    EXPECT_EQ(slots(), 6u);
    EXPECT_TRUE(share.share(now)->granted);
    EXPECT_EQ(share.changes_at(now), now + 2s);
    now += 1999ms;
    EXPECT_EQ(slots(), 6u);
}

TEST_F(PlanShareTest, without_answers_those_with_more_than_an_equal_part_go_down_to_it_at_once) {
    granted(6, 10, 3);
    now += 2s;
    EXPECT_EQ(share.standing(now), Standing::guessing);
    EXPECT_EQ(slots(), 3u);
    EXPECT_FALSE(share.share(now)->granted);
}

TEST_F(PlanShareTest, and_those_with_less_wait_until_the_others_requests_have_ended) {
    granted(1, 10, 3);
    now += 2s;
    EXPECT_EQ(slots(), 1u);
    EXPECT_EQ(share.changes_at(now), now + 1s);
    now += 1s;
    EXPECT_EQ(slots(), 3u);
    EXPECT_FALSE(share.changes_at(now));
}

TEST_F(PlanShareTest, equal_parts_never_add_up_to_more_than_the_plan_while_it_has_one_for_each) {
    for (std::size_t plan = 1; plan <= 40; ++plan) {
        for (std::size_t instances = 1; instances <= plan; ++instances) {
            PlanShare one({});
            one.answered({.slots = plan, .plan = plan, .instances = instances}, now);
            EXPECT_LE(one.share(now + 1h)->slots * instances, plan);
            EXPECT_GE(one.share(now + 1h)->slots, 1u);
        }
    }
}

TEST_F(PlanShareTest, a_plan_that_nobody_knows_yet_limits_nobody) {
    share.answered({.slots = std::nullopt, .plan = 0, .instances = 3}, now);
    EXPECT_FALSE(slots());
    EXPECT_EQ(share.standing(now), Standing::granted);
    now += 1h;
    EXPECT_FALSE(slots());
}

TEST_F(PlanShareTest, what_is_not_needed_is_given_up_before_it_is_told) {
    granted(9, 10, 2);
    const RequestSlots::Figures idle{.in_flight = 0, .waiting = 0, .limit = 9};
    share.give_up(idle);
    EXPECT_EQ(slots(), 1u) << "one for whoever comes next";
    EXPECT_EQ(share.question(idle, {}, now).keeps, 1u);
}

TEST_F(PlanShareTest, what_is_in_flight_is_told_whatever_was_granted) {
    granted(2, 10, 2);
    const RequestSlots::Figures busy{.in_flight = 5, .waiting = 3, .limit = 2};
    share.give_up(busy);
    const auto question = share.question(busy, {}, now);
    EXPECT_EQ(question.keeps, 5u);
    EXPECT_EQ(question.needs, 8u);
    EXPECT_GT(question.wants, 8u);
    EXPECT_EQ(question.instances, 2u);
}

TEST_F(PlanShareTest, what_is_known_of_the_plan_is_told_with_its_age) {
    const auto question = share.question({}, {.stated = 5, .seen = 4, .seen_at = now - 3s}, now);
    EXPECT_EQ(question.plan, 5u);
    EXPECT_EQ(question.plan_seen, 4u);
    EXPECT_EQ(question.plan_seen_ago, 3s);
}

TEST_F(PlanShareTest, asks_often_while_anybody_is_short_and_seldom_else) {
    granted(5, 10, 2);
    EXPECT_EQ(share.pause(0), 250ms);
    EXPECT_EQ(share.pause(1), 20ms);
    granted(5, 10, 2, true);
    EXPECT_EQ(share.pause(0), 20ms);
}

TEST_F(PlanShareTest, many_instances_ask_no_more_often_in_all_than_some) {
    granted(5, 10, 200, true);
    EXPECT_EQ(share.pause(0), 1s);
    granted(5, 10, 200);
    EXPECT_EQ(share.pause(0), 2s);
    granted(5, 10, 200);
    EXPECT_EQ(share.changes_at(now), now + 8s) << "and their leases are as much longer";
    EXPECT_EQ(share.question({}, {}, now).lease, 8s);
}

}  // namespace
