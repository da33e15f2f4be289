#include "audio/energy.hpp"

#include "audio/loudness.hpp"
#include "audio/mulaw.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace audio {

namespace {

constexpr double full_scale_squared = 32768.0 * 32768.0;

double dbfs(double squared) {
    return squared == 0.0 ? dbfs_min : std::max(dbfs_min, 10.0 * std::log10(squared / full_scale_squared));
}

const std::array<std::uint32_t, 256> squares = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::size_t code = 0; code < table.size(); ++code) {
        const int sample = pcm_from_mulaw(static_cast<std::byte>(code));
        table[code] = static_cast<std::uint32_t>(sample * sample);
    }
    return table;
}();

}  // namespace

Energy& Energy::operator+=(const Energy& more) {
    sum += more.sum;
    loudest = std::max(loudest, more.loudest);
    samples += more.samples;
    return *this;
}

double Energy::rms_dbfs() const {
    return dbfs(static_cast<double>(sum) / std::max(samples, 1U));
}

double Energy::peak_dbfs() const {
    return dbfs(loudest);
}

Energy energy_of(std::span<const std::byte> mulaw) {
    // A mu-law code is the complement of sign, exponent and mantissa: without the sign, the smallest code is the
    // loudest.
    constexpr auto magnitude = std::byte{0x7F};
    std::uint64_t sum = 0;
    auto smallest = magnitude;
#pragma GCC unroll 8
    for (const std::byte code : mulaw) {
        sum += squares[std::to_integer<std::size_t>(code)];
        smallest = std::min(smallest, code & magnitude);
    }
    return {.sum = sum,
            .loudest = squares[std::to_integer<std::size_t>(smallest)],
            .samples = static_cast<std::uint32_t>(mulaw.size())};
}

}  // namespace audio
