#pragma once
// Counts of times in buckets of 3 % width, from a microsecond to a minute. No allocation when a time is added.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

class Histogram {
public:
    void add(std::int64_t ns);
    std::uint64_t count() const { return count_; }
    double quantile_ms(double share) const;  // the upper edge of the bucket; 0 without samples
    // {"count":…,"p50":…,"p90":…,"p99":…,"p999":…,"max":…,"buckets":[[upper edge, count],…]}, milliseconds
    std::string json() const;

private:
    static constexpr std::size_t steps = 32, octaves = 26;  // 32 buckets to each doubling
    static double upper_us(std::size_t bucket);

    std::array<std::uint64_t, steps * octaves> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t longest_ns_ = 0;
};

}  // namespace bench
