#include "gateway/number_places.hpp"

#include <gtest/gtest.h>

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

}  // namespace
