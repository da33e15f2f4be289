#include "gateway/number_places.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using gateway::NumberPlaces;

const NumberPlaces::Instant start{};

TEST(NumberPlaces, are_as_many_as_a_number_may_have) {
    NumberPlaces places({});
    EXPECT_TRUE(places.take("+1", "CA1", 2, start));
    EXPECT_TRUE(places.take("+1", "CA2", 2, start));
    EXPECT_FALSE(places.take("+1", "CA3", 2, start));
    EXPECT_TRUE(places.take("+1", "CA2", 2, start)) << "who has a place keeps it";
    EXPECT_TRUE(places.take("+2", "CA4", 2, start)) << "another number has its own";
    EXPECT_TRUE(places.take("+1", "CA5", 0, start)) << "0: as many as there are";
    EXPECT_EQ(places.taken("+1"), 3u);
}

TEST(NumberPlaces, are_free_when_the_stream_has_gone) {
    NumberPlaces places({});
    ASSERT_TRUE(places.take("+1", "CA1", 1, start));
    places.opened("CA1", 7);
    EXPECT_FALSE(places.take("+1", "CA2", 1, start + 1h)) << "as long as it lives";
    places.closed("CA1", 7);
    EXPECT_EQ(places.taken("+1"), 0u);
    EXPECT_TRUE(places.take("+1", "CA2", 1, start + 1h));
}

TEST(NumberPlaces, are_free_when_no_stream_comes) {
    NumberPlaces places({.awaited = 15s});
    ASSERT_TRUE(places.take("+1", "CA1", 1, start));
    EXPECT_FALSE(places.take("+1", "CA2", 1, start + 14s));
    EXPECT_TRUE(places.take("+1", "CA2", 1, start + 15s));
    EXPECT_EQ(places.taken("+1"), 1u);
}

TEST(NumberPlaces, are_kept_by_a_call_that_goes_on_with_a_new_stream) {
    NumberPlaces places({});
    ASSERT_TRUE(places.take("+1", "CA1", 1, start));
    places.opened("CA1", 7);
    places.opened("CA1", 8);
    places.closed("CA1", 7);  // the half dead one
    EXPECT_EQ(places.taken("+1"), 1u);
    places.closed("CA1", 8);
    EXPECT_EQ(places.taken("+1"), 0u);
}

TEST(NumberPlaces, pass_over_calls_they_do_not_know) {
    NumberPlaces places({});
    places.opened("CA1", 1);
    places.closed("CA1", 1);
    EXPECT_EQ(places.taken(""), 0u);
}

TEST(NumberPlaces, a_place_taken_anew_outlives_the_old_ones_time) {
    NumberPlaces places({.awaited = 15s});
    ASSERT_TRUE(places.take("+1", "CA1", 1, start));
    places.opened("CA1", 1);
    places.closed("CA1", 1);
    ASSERT_TRUE(places.take("+1", "CA1", 1, start + 10s));
    EXPECT_FALSE(places.take("+1", "CA2", 1, start + 16s));
    EXPECT_TRUE(places.take("+1", "CA2", 1, start + 25s));
}

TEST(NumberPlaces, of_a_call_turned_away_are_free_at_once) {
    NumberPlaces places({});
    ASSERT_TRUE(places.take("+1", "CA1", 1, start));
    places.give_up("CA1");
    places.give_up("CA2");
    EXPECT_TRUE(places.take("+1", "CA3", 1, start));
}

TEST(NumberPlaces, tell_when_they_are_free_and_who_has_them) {
    NumberPlaces places({.awaited = 15s});
    std::vector<std::string> freed;
    places.when_freed(
        [&](const std::string& number, const std::string& call_sid) { freed.push_back(number + " " + call_sid); });
    for (const char* call : {"CA1", "CA2", "CA3"}) ASSERT_TRUE(places.take("+1", call, 0, start));
    ASSERT_TRUE(places.take("+2", "CA4", 0, start));
    places.opened("CA1", 1);
    places.opened("CA2", 2);
    places.closed("CA2", 2);
    const auto one = [](const std::string& number) { return number == "+1"; };
    const auto taken = places.taken_at(one, start + 15s);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken.at("+1"), std::vector<std::string>{"CA1"}) << "no stream came for CA3";
    EXPECT_EQ(freed, (std::vector<std::string>{"+1 CA2", "+1 CA3", "+2 CA4"}));
}

}  // namespace
