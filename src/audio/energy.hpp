#pragma once
// The loudness of mu-law audio that passes by and is not kept: sums that can be added up and turned into levels.

#include <cstddef>
#include <cstdint>
#include <span>

namespace audio {

struct Energy {
    std::uint64_t sum = 0;      // of the squared samples
    std::uint32_t loudest = 0;  // the largest squared sample
    std::uint32_t samples = 0;

    Energy& operator+=(const Energy& more);
    // In decibels below full scale (loudness.hpp); dbfs_min without a sample.
    double rms_dbfs() const;
    double peak_dbfs() const;
};

Energy energy_of(std::span<const std::byte> mulaw);

}  // namespace audio
