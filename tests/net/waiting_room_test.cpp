#include "net/waiting_room.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using net::WaitingRoom;

class WaitingRoomTest : public testing::Test {
protected:
    // A guest that tells when it is shown out, and is gone then.
    void enter(const std::string& name) {
        auto& guest = guests.emplace_back(std::make_unique<WaitingRoom::Guest>(room, [this, name] {
            shown_out += name;
            for (auto& each : guests) {
                if (each && each->waiting() && names.at(each.get()) == name) each.reset();
            }
        }));
        names.emplace(guest.get(), name);
        guest->enter();
    }

    LimitCounts counts;
    WaitingRoom room{counts};
    std::vector<std::unique_ptr<WaitingRoom::Guest>> guests;
    std::map<WaitingRoom::Guest*, std::string> names;
    std::string shown_out;
};

TEST_F(WaitingRoomTest, whoever_comes_too_many_makes_the_longest_waiting_go) {
    room.set_bounds({.guests_max = 2});
    enter("a");
    enter("b");
    EXPECT_EQ(shown_out, "");
    enter("c");
    enter("d");
    EXPECT_EQ(shown_out, "ab");
    EXPECT_EQ(room.guests(), 2u);
    EXPECT_EQ(counts.of(Limit::waiting_sockets), 2u);
}

TEST_F(WaitingRoomTest, who_has_gone_on_is_not_shown_out_and_waits_anew_at_the_end) {
    room.set_bounds({.guests_max = 2});
    enter("a");
    enter("b");
    guests[0]->leave();
    guests[0]->enter();
    enter("c");
    EXPECT_EQ(shown_out, "b");
    guests[0].reset();
    enter("d");
    EXPECT_EQ(shown_out, "b");
}

TEST_F(WaitingRoomTest, held_memory_is_bounded_in_all) {
    room.set_bounds({.bytes_max = 100});
    enter("a");
    enter("b");
    enter("c");
    guests[0]->hold(40);
    guests[1]->hold(30);
    guests[1]->hold(60);  // not 90
    EXPECT_EQ(shown_out, "");
    EXPECT_EQ(room.bytes(), 100u);
    guests[2]->hold(1);
    EXPECT_EQ(shown_out, "a");
    EXPECT_EQ(room.bytes(), 61u);
    EXPECT_EQ(counts.of(Limit::waiting_bytes), 1u);
    guests[1]->leave();
    EXPECT_EQ(room.bytes(), 1u);
}

TEST_F(WaitingRoomTest, one_that_holds_too_much_alone_goes_itself) {
    room.set_bounds({.bytes_max = 100});
    enter("a");
    guests[0]->hold(101);
    EXPECT_EQ(shown_out, "a");
    EXPECT_EQ(room.bytes(), 0u);
    EXPECT_EQ(room.guests(), 0u);
}

TEST_F(WaitingRoomTest, memory_of_who_does_not_wait_is_not_counted) {
    room.set_bounds({.bytes_max = 100});
    enter("a");
    guests[0]->leave();
    guests[0]->hold(1'000);
    EXPECT_EQ(shown_out, "");
    EXPECT_EQ(room.bytes(), 0u);
    EXPECT_FALSE(room.show_out_longest());
}

}  // namespace
