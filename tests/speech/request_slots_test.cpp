#include "speech/request_slots.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;
using speech::RequestSlots;

class RequestSlotsTest : public testing::Test {
protected:
    std::size_t limit_of(const RequestSlots& slots) const { return slots.figures(now).limit; }
    // As many as there are.
    std::size_t take_all(RequestSlots& slots) const {
        std::size_t taken = 0;
        while (taken < 100 && slots.take(now)) ++taken;
        return taken;
    }

    speech::Instant now{100h};
    std::vector<RequestSlots::Place> admitted;
    const RequestSlots::Admit admit = [this](RequestSlots::Place place) { admitted.push_back(place); };
};

TEST_F(RequestSlotsTest, are_unlimited_until_the_plan_is_known) {
    RequestSlots slots({});
    EXPECT_EQ(take_all(slots), 100U);
}

TEST_F(RequestSlotsTest, follow_what_replies_say_of_the_plan) {
    RequestSlots slots({});
    slots.note_reply(1, 2, 1, now);
    EXPECT_EQ(take_all(slots), 2U);
    const auto place = slots.wait(now, admit);
    EXPECT_TRUE(admitted.empty());
    slots.note_reply(3, 4, 3, now);  // the plan was changed for a larger one
    EXPECT_EQ(admitted, std::vector{place});
    EXPECT_EQ(take_all(slots), 1U);
}

TEST_F(RequestSlotsTest, are_never_more_than_the_option_says) {
    RequestSlots slots({.requests_max = 3});
    EXPECT_EQ(limit_of(slots), 3U);
    slots.note_reply(1, 10, 1, now);
    EXPECT_EQ(limit_of(slots), 3U);
    slots.note_reply(1, 2, 1, now);
    EXPECT_EQ(limit_of(slots), 2U);
    slots.note_reply(0, 0, 1, now);  // a reply that says nothing
    EXPECT_EQ(limit_of(slots), 2U);
}

TEST_F(RequestSlotsTest, are_never_more_than_there_are_connections_for) {
    RequestSlots slots({.connections_max = 3});
    EXPECT_EQ(take_all(slots), 3U);
    const auto place = slots.wait(now, admit);
    slots.note_reply(1, 10, 1, now);
    EXPECT_TRUE(admitted.empty());
    EXPECT_EQ(limit_of(slots), 10U) << "the plan's";
    slots.give_back(now);
    EXPECT_EQ(admitted, std::vector{place});
}

TEST_F(RequestSlotsTest, leave_room_for_other_servers_of_the_account_as_long_as_they_are_seen) {
    RequestSlots slots({});
    slots.note_reply(7, 10, 3, now);
    EXPECT_EQ(limit_of(slots), 6U);
    slots.note_reply(2, 10, 3, now);  // ours, of which one has not arrived there yet
    EXPECT_EQ(limit_of(slots), 10U);
    slots.note_reply(12, 10, 1, now);
    EXPECT_EQ(limit_of(slots), 1U) << "one at least";
    now += 5s;
    EXPECT_EQ(limit_of(slots), 10U);
}

TEST_F(RequestSlotsTest, go_to_the_earliest_need_first) {
    RequestSlots slots({.requests_max = 1});
    ASSERT_TRUE(slots.take(now));
    const auto late = slots.wait(now + 9s, admit), soon = slots.wait(now + 1s, admit),
               same = slots.wait(now + 1s, admit);
    EXPECT_TRUE(slots.leave(same));
    EXPECT_FALSE(slots.leave(same));
    EXPECT_FALSE(slots.take(now)) << "others have waited longer";
    slots.give_back(now);
    EXPECT_FALSE(slots.take(now));
    slots.give_back(now);
    EXPECT_EQ(admitted, (std::vector{soon, late}));
    slots.give_back(now);
    EXPECT_TRUE(slots.take(now));
}

TEST_F(RequestSlotsTest, follow_a_share_of_the_plan_in_place_of_the_plan) {
    RequestSlots slots({.requests_max = 10});
    slots.set_share(RequestSlots::Share{.slots = 2}, now);
    EXPECT_EQ(take_all(slots), 2U);
    const auto first = slots.wait(now, admit), second = slots.wait(now, admit);
    slots.set_share(RequestSlots::Share{.slots = 3}, now);
    EXPECT_EQ(admitted, std::vector{first});
    slots.set_share(RequestSlots::Share{.slots = 0}, now);
    for (int i = 0; i < 3; ++i) slots.give_back(now);
    EXPECT_EQ(admitted, std::vector{first}) << "nothing is admitted without a share";
    slots.set_share({}, now);
    EXPECT_EQ(admitted, (std::vector{first, second}));
    EXPECT_EQ(limit_of(slots), 10U);
}

TEST_F(RequestSlotsTest, let_what_is_in_flight_run_out_when_the_share_shrinks) {
    RequestSlots slots({});
    slots.set_share(RequestSlots::Share{.slots = 4}, now);
    ASSERT_EQ(take_all(slots), 4U);
    slots.set_share(RequestSlots::Share{.slots = 2}, now);
    EXPECT_EQ(slots.figures(now).in_flight, 4U);
    slots.give_back(now);
    slots.give_back(now);
    EXPECT_FALSE(slots.take(now));
    slots.give_back(now);
    EXPECT_TRUE(slots.take(now));
}

TEST_F(RequestSlotsTest, do_not_take_others_who_share_the_plan_for_strangers) {
    RequestSlots slots({});
    slots.set_share(RequestSlots::Share{.slots = 4, .granted = true}, now);
    slots.note_reply(9, 10, 3, now);
    EXPECT_EQ(limit_of(slots), 4U);
    slots.set_share(RequestSlots::Share{.slots = 4, .granted = false}, now);
    slots.note_reply(11, 10, 3, now);
    EXPECT_EQ(limit_of(slots), 2U) << "what is guessed, replies correct";
}

TEST_F(RequestSlotsTest, tell_when_the_first_one_has_to_wait) {
    RequestSlots slots({.requests_max = 1});
    int told = 0;
    slots.when_short([&] { ++told; });
    slots.take(now);
    EXPECT_EQ(told, 0);
    slots.wait(now, admit);
    slots.wait(now, admit);
    EXPECT_EQ(told, 1);
    slots.give_back(now);
    slots.give_back(now);
    slots.wait(now, admit);
    EXPECT_EQ(told, 2);
}

}  // namespace
