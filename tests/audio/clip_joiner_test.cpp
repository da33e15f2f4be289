#include "audio/clip_joiner.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace audio {
namespace {

TEST(ClipJoiner, lets_the_first_piece_go_and_joins_later_ones_to_20_ms) {
    ClipJoiner joiner;
    EXPECT_TRUE(joiner.add({}).empty());
    const std::vector<std::byte> one(1, std::byte{1}), two(2, std::byte{2});
    EXPECT_EQ(joiner.add(one).size(), 1U);
    for (int piece = 1; piece < 160; ++piece) EXPECT_TRUE(joiner.add(one).empty());
    const Clip joined = joiner.add(two);
    EXPECT_EQ(joined.size(), 161U);
    EXPECT_EQ(joined.bytes().front(), std::byte{1});
    EXPECT_EQ(joined.bytes().back(), std::byte{2});
    EXPECT_TRUE(joiner.add(two).empty());
    EXPECT_EQ(joiner.rest().size(), 2U);
    EXPECT_TRUE(joiner.rest().empty());
}

TEST(ClipJoiner, passes_on_what_is_large_enough) {
    ClipJoiner joiner;
    for (const std::size_t size : {5U, 160U, 9000U}) EXPECT_EQ(joiner.add(std::vector<std::byte>(size)).size(), size);
}

}  // namespace
}  // namespace audio
