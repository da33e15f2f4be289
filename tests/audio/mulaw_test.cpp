#include "audio/mulaw.hpp"

#include "audio/tones.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace audio {
namespace {

using namespace std::chrono_literals;

// G.711 table 2a, columns 1 to 3: the widths of the intervals, from zero up, in 14-bit units. The code words count the
// intervals.
std::vector<int> decision_values() {
    std::vector<int> values{0, 1};
    for (int i = 0; i < 15; ++i) values.push_back(values.back() + 2);
    for (int width = 4; width <= 256; width *= 2)
        for (int i = 0; i < 16; ++i) values.push_back(values.back() + width);
    return values;
}

int interval_of(int magnitude) {
    static const auto values = decision_values();
    const auto above = std::upper_bound(values.begin(), values.end(), magnitude);
    return std::min(static_cast<int>(above - values.begin()) - 1, 127);
}

TEST(Mulaw, ends_its_last_interval_where_the_standard_does) {
    EXPECT_EQ(decision_values().size(), 129U);
    EXPECT_EQ(decision_values().back(), 8159);
}

TEST(Mulaw, gives_every_sample_the_code_word_of_its_interval) {
    for (int sample = -32768; sample <= 32767; ++sample) {
        const int magnitude = (sample < 0 ? -sample - 1 : sample) / 4;
        const int code = (sample < 0 ? 0x7F : 0xFF) - interval_of(magnitude);
        ASSERT_EQ(std::to_integer<int>(mulaw_from_pcm(static_cast<std::int16_t>(sample))), code) << sample;
    }
}

TEST(Mulaw, gives_every_code_word_the_middle_of_its_interval) {
    const auto values = decision_values();
    for (int code = 0; code < 256; ++code) {
        const auto interval = static_cast<std::size_t>(0x7F - (code & 0x7F));
        const int middle = interval == 0 ? 0 : (values[interval] + values[interval + 1]) / 2 * 4;
        const int expected = code < 0x80 ? -middle : middle;
        ASSERT_EQ(pcm_from_mulaw(static_cast<std::byte>(code)), expected) << code;
    }
}

TEST(Mulaw, has_the_corner_values_everybody_knows) {
    EXPECT_EQ(mulaw_from_pcm(std::int16_t{0}), mulaw_silence);
    EXPECT_EQ(mulaw_from_pcm(std::int16_t{32767}), std::byte{0x80});
    EXPECT_EQ(mulaw_from_pcm(std::int16_t{-32768}), std::byte{0x00});
    EXPECT_EQ(pcm_from_mulaw(std::byte{0x80}), 32124);
    EXPECT_EQ(pcm_from_mulaw(std::byte{0x00}), -32124);
    EXPECT_EQ(pcm_from_mulaw(mulaw_silence), 0);
}

TEST(Mulaw, is_stable_once_encoded) {
    for (int code = 0; code < 256; ++code) {
        if (code == 0x7F) continue;  // negative zero decodes to zero, whose code word is 0xFF
        const auto word = static_cast<std::byte>(code);
        EXPECT_EQ(mulaw_from_pcm(pcm_from_mulaw(word)), word) << code;
    }
}

// G.712 asks for 33 dB from -30 to 0 dBm0; the loudest mu-law sine is +3.17 dBm0.
TEST(Mulaw, keeps_a_tone_as_far_above_its_own_noise_as_a_telephone_channel_must) {
    for (const double dbm0 : {-30.0, -20.0, -10.0, 0.0}) {
        const auto tone = tones::sine(1020, sample_rate_hz, 8000, 32124 * std::pow(10.0, (dbm0 - 3.17) / 20));
        const auto heard = pcm_from_mulaw(mulaw_from_pcm(tone));
        std::vector<std::int16_t> noise(tone.size());
        for (std::size_t i = 0; i < tone.size(); ++i) noise[i] = static_cast<std::int16_t>(tone[i] - heard[i]);
        EXPECT_GT(tones::decibels(tones::rms(tone) / tones::rms(noise)), 33) << dbm0 << " dBm0";
    }
}

TEST(Mulaw, counts_time_as_125_us_a_byte) {
    EXPECT_EQ(duration_of(frame_bytes), 20ms);
    EXPECT_EQ(bytes_in(20ms), frame_bytes);
    EXPECT_EQ(bytes_in(124us), 0U);
    EXPECT_EQ(bytes_in(1h), 28'800'000U);
}

}  // namespace
}  // namespace audio
