#include "audio/energy.hpp"

#include "audio/loudness.hpp"
#include "audio/mulaw.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace audio {
namespace {

std::vector<std::byte> noise(std::size_t size, unsigned seed) {
    std::minstd_rand random(seed);
    std::vector<std::byte> codes(size);
    for (std::byte& code : codes) code = static_cast<std::byte>(random() >> 8);
    return codes;
}

TEST(Energy, agrees_with_the_loudness_of_the_whole) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const auto codes = noise(seed * 37, seed);
        const Energy energy = energy_of(codes);
        EXPECT_EQ(energy.samples, codes.size());
        EXPECT_NEAR(energy.rms_dbfs(), rms_dbfs(codes), 1e-9);
        int loudest = 0;
        for (const std::byte code : codes) loudest = std::max(loudest, std::abs(int{pcm_from_mulaw(code)}));
        EXPECT_EQ(energy.loudest, static_cast<std::uint32_t>(loudest * loudest));
    }
}

TEST(Energy, of_parts_adds_up_to_that_of_the_whole) {
    const auto codes = noise(1000, 7);
    const std::span<const std::byte> whole(codes);
    Energy parts = energy_of(whole.first(333));
    parts += energy_of(whole.subspan(333));
    EXPECT_EQ(parts.sum, energy_of(whole).sum);
    EXPECT_EQ(parts.loudest, energy_of(whole).loudest);
    EXPECT_EQ(parts.samples, 1000U);
}

TEST(Energy, knows_the_ends_of_the_scale) {
    EXPECT_EQ(Energy{}.rms_dbfs(), dbfs_min);
    EXPECT_EQ(energy_of(std::vector(160, mulaw_silence)).peak_dbfs(), dbfs_min);
    EXPECT_EQ(energy_of(std::vector(160, std::byte{0x7F})).rms_dbfs(), dbfs_min) << "the other zero";
    EXPECT_NEAR(energy_of(std::vector(1, std::byte{0x00})).peak_dbfs(), -0.17, 0.01) << "the loudest code";
    EXPECT_NEAR(energy_of(std::vector(1, std::byte{0x80})).peak_dbfs(), -0.17, 0.01) << "and its positive twin";
}

}  // namespace
}  // namespace audio
