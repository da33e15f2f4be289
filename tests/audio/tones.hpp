#pragma once
// Sines to feed to a codec, and the measure of how much of one came out.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace audio::tones {

inline std::vector<std::int16_t> sine(double hz, int rate_hz, std::size_t samples, double amplitude) {
    std::vector<std::int16_t> tone(samples);
    for (std::size_t i = 0; i < samples; ++i)
        tone[i] = static_cast<std::int16_t>(
            std::lround(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz)));
    return tone;
}

inline double rms(std::span<const std::int16_t> samples) {
    double energy = 0;
    for (const double sample : samples) energy += sample * sample;
    return std::sqrt(energy / static_cast<double>(samples.size()));
}

inline double decibels(double ratio) {
    return 20 * std::log10(ratio);
}

}  // namespace audio::tones
