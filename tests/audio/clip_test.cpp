#include "audio/clip.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace audio {
namespace {

std::vector<std::byte> counting(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i);
    return bytes;
}

TEST(Clip, is_empty_by_default) {
    EXPECT_TRUE(Clip{}.empty());
    EXPECT_TRUE(Clip{}.from(0).empty());
}

TEST(Clip, cuts_without_copying) {
    const Clip whole(counting(10));
    const Clip middle = whole.from(3).first(4);
    EXPECT_EQ(middle.size(), 4U);
    EXPECT_EQ(middle.bytes().data(), whole.bytes().data() + 3);
}

TEST(Clip, keeps_its_audio_when_the_whole_it_was_cut_from_is_gone) {
    Clip tail;
    {
        const Clip whole(counting(10));
        tail = whole.from(8);
    }
    EXPECT_TRUE(std::ranges::equal(tail.bytes(), std::vector{std::byte{8}, std::byte{9}}));
}

}  // namespace
}  // namespace audio
