#include "audio/resampler.hpp"

#include "audio/tones.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

namespace audio {
namespace {

using Samples = std::vector<std::int16_t>;

void append(Samples& to, const Samples& from) {
    to.insert(to.end(), from.begin(), from.end());
}

Samples resample(int from_hz, std::span<const std::int16_t> samples) {
    Resampler resampler(from_hz);
    Samples result = resampler.push(samples);
    append(result, resampler.finish());
    return result;
}

// The level that comes out for a tone that goes in, away from both ends where the filter settles.
double gain_decibels(double hz, int from_hz) {
    constexpr double amplitude = 10000;
    const Samples tone = tones::sine(hz, from_hz, static_cast<std::size_t>(from_hz), amplitude);
    const Samples heard = resample(from_hz, tone);
    return tones::decibels(tones::rms(std::span(heard).subspan(500, 7000)) / tones::rms(tone));
}

TEST(Resampler, keeps_the_level_of_the_telephone_band) {
    for (const int from_hz : {16000, 22050, 24000, 44100, 48000})
        for (const double hz : {100.0, 300.0, 1000.0, 2500.0, 3400.0})
            EXPECT_NEAR(gain_decibels(hz, from_hz), 0.0, 0.5) << hz << " Hz at " << from_hz;
}

TEST(Resampler, suppresses_what_would_fold_down_into_speech) {
    for (const int from_hz : {16000, 24000, 44100})
        for (const double hz : {4600.0, 5000.0, 6000.0, 7500.0}) {
            EXPECT_LT(gain_decibels(hz, from_hz), -40.0) << hz << " Hz at " << from_hz;
        }
}

TEST(Resampler, gives_the_same_samples_however_the_input_is_cut) {
    std::mt19937 random(1);
    for (const int from_hz : {16000, 22050, 11025}) {
        const Samples tone = tones::sine(700, from_hz, 20000, 12000);
        const Samples whole = resample(from_hz, tone);
        Resampler resampler(from_hz);
        Samples chunked;
        for (std::span<const std::int16_t> rest = tone; !rest.empty();) {
            const auto chunk = rest.first(std::min<std::size_t>(random() % 700, rest.size()));
            append(chunked, resampler.push(chunk));
            rest = rest.subspan(chunk.size());
        }
        append(chunked, resampler.finish());
        EXPECT_EQ(chunked, whole) << from_hz;
    }
}

TEST(Resampler, gives_as_much_time_as_it_got) {
    EXPECT_NEAR(static_cast<double>(resample(16000, Samples(16000)).size()), 8000, 1);
    EXPECT_NEAR(static_cast<double>(resample(22050, Samples(22050)).size()), 8000, 1);
    EXPECT_NEAR(static_cast<double>(resample(16000, Samples(3)).size()), 1.5, 1);
}

TEST(Resampler, gives_sound_before_the_input_ends) {
    Resampler resampler(16000);
    EXPECT_GT(resampler.push(Samples(1600)).size(), 700U);  // 100 ms in: all but the filter's few milliseconds are out
}

TEST(Resampler, turns_nothing_into_nothing) {
    EXPECT_TRUE(resample(16000, {}).empty());
    EXPECT_TRUE(resample(8000, {}).empty());
}

TEST(Resampler, is_as_new_after_it_finished) {
    const Samples tone = tones::sine(440, 16000, 4000, 8000);
    Resampler resampler(16000);
    Samples first = resampler.push(tone);
    append(first, resampler.finish());
    Samples second = resampler.push(tone);
    append(second, resampler.finish());
    EXPECT_EQ(second, first);
}

TEST(Resampler, clips_instead_of_wrapping_around) {
    const Samples square = [] {
        Samples samples(16000);
        for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = i / 20 % 2 == 0 ? 32767 : -32768;
        return samples;
    }();
    const Samples heard = resample(16000, square);
    for (std::size_t i = 201; i < 7000; ++i) {
        // A wrapped overshoot would jump across the whole range within a half-wave; the true edges last ten samples.
        if (i % 10 >= 3 && i % 10 <= 7) {
            EXPECT_GT(std::abs(int{heard[i]}), 20000) << i;
        }
    }
}

TEST(Resampler, leaves_8_kHz_untouched) {
    const Samples tone = tones::sine(3900, 8000, 1000, 30000);
    EXPECT_EQ(resample(8000, tone), tone);
}

TEST(Resampler, refuses_rates_that_are_none) {
    for (const int rate : {-8000, 0, 999, 192001}) EXPECT_THROW(Resampler{rate}, std::invalid_argument) << rate;
}

}  // namespace
}  // namespace audio
