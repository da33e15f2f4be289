#include "audio/loudness.hpp"

#include "audio/mulaw.hpp"
#include "audio/tones.hpp"

#include <gtest/gtest.h>

namespace audio {
namespace {

using namespace std::chrono_literals;
using Mulaw = std::vector<std::byte>;

Mulaw tone(double amplitude, std::chrono::milliseconds length) {
    return mulaw_from_pcm(tones::sine(1000, sample_rate_hz, bytes_in(length), amplitude));
}

Mulaw silence(std::chrono::milliseconds length) {
    return Mulaw(bytes_in(length), mulaw_silence);
}

Mulaw joined(std::initializer_list<Mulaw> parts) {
    Mulaw all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

TEST(Loudness, measures_a_tone_by_its_amplitude) {
    EXPECT_NEAR(rms_dbfs(tone(32767, 100ms)), -3.0, 0.3);
    EXPECT_NEAR(rms_dbfs(tone(3276.7, 100ms)), -23.0, 0.3);
}

TEST(Loudness, calls_silence_the_least_there_is) {
    EXPECT_EQ(rms_dbfs(silence(20ms)), dbfs_min);
    EXPECT_EQ(rms_dbfs(Mulaw{}), dbfs_min);
    EXPECT_EQ(rms_dbfs(Mulaw{std::byte{0x7F}}), dbfs_min);  // negative zero
}

TEST(Loudness, measures_each_window_by_itself) {
    const auto levels = rms_dbfs(joined({silence(20ms), tone(32767, 20ms), silence(10ms)}), frame_bytes);
    ASSERT_EQ(levels.size(), 3U);
    EXPECT_EQ(levels[0], dbfs_min);
    EXPECT_NEAR(levels[1], -3.0, 0.3);
    EXPECT_EQ(levels[2], dbfs_min);
    EXPECT_TRUE(rms_dbfs(Mulaw{}, frame_bytes).empty());
}

TEST(LoudnessBars, draw_silence_as_space_and_louder_as_higher) {
    const auto steps = joined({silence(1s), tone(150, 1s), tone(700, 1s), tone(2500, 1s), tone(32767, 1s)});
    EXPECT_EQ(loudness_bars(steps, 5), " ▁▄▆█");
}

TEST(LoudnessBars, have_exactly_the_width_asked_for) {
    const auto columns = [](const std::string& bars) {
        std::size_t count = 0;
        for (const char c : bars) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
        return count;
    };
    for (const std::size_t width : {1U, 7U, 80U, 1000U}) {
        EXPECT_EQ(columns(loudness_bars(tone(20000, 50ms), width)), width);
        EXPECT_EQ(loudness_bars(Mulaw{}, width), std::string(width, ' '));
    }
    EXPECT_EQ(loudness_bars(tone(20000, 50ms), 0), "");
}

TEST(LoudnessBars, give_each_sample_one_column_when_there_are_as_many) {
    const Mulaw samples{mulaw_from_pcm(std::int16_t{32767}), mulaw_silence, mulaw_from_pcm(std::int16_t{-32768})};
    EXPECT_EQ(loudness_bars(samples, 3), "█ █");
    EXPECT_EQ(loudness_bars(samples, 6), "██  ██");
}

TEST(SilentStretches, are_found_at_the_very_sample) {
    const auto loud = mulaw_from_pcm(std::int16_t{10000});
    Mulaw audio(1000, loud);
    std::fill_n(audio.begin() + 123, 160, mulaw_silence);
    EXPECT_EQ(silent_stretches(audio, 20ms), (std::vector<Stretch>{{123, 160}}));
    EXPECT_TRUE(silent_stretches(audio, 20ms + 125us).empty());
}

TEST(SilentStretches, are_found_at_both_ends_and_in_the_middle) {
    const auto audio =
        joined({silence(30ms), Mulaw(80, std::byte{0x80}), silence(50ms), Mulaw(80, std::byte{0x00}), silence(40ms)});
    EXPECT_EQ(silent_stretches(audio, 10ms), (std::vector<Stretch>{{0, 240}, {320, 400}, {800, 320}}));
    EXPECT_EQ(silent_stretches(audio, 35ms), (std::vector<Stretch>{{320, 400}, {800, 320}}));
    EXPECT_EQ(silent_stretches(silence(1s), 1s), (std::vector<Stretch>{{0, 8000}}));
}

TEST(SilentStretches, do_not_mistake_the_zero_crossings_of_a_tone_for_pauses) {
    EXPECT_TRUE(silent_stretches(tone(2000, 1s), 2ms).empty());
    EXPECT_TRUE(silent_stretches(Mulaw{}, 0ms).empty());
}

TEST(SilentStretches, hear_faint_noise_only_above_the_threshold) {
    const auto faint = tone(60, 100ms);  // -55 dBFS
    EXPECT_EQ(silent_stretches(faint, 100ms), (std::vector<Stretch>{{0, 800}}));
    EXPECT_TRUE(silent_stretches(faint, 50ms, -60.0).empty());
}

}  // namespace
}  // namespace audio
