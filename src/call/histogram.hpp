#pragma once
// A Prometheus histogram of durations with fixed buckets. Any thread may observe; a render that runs meanwhile is
// consistent in itself.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace call {

class Histogram {
public:
    // Upper bounds, from "it was in the cache" to "the caller has given up".
    static constexpr auto bounds = [] {
        using namespace std::chrono_literals;
        return std::to_array<std::chrono::milliseconds>(
            {1ms, 2ms, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s, 30s});
    }();

    struct Snapshot {
        // Observations up to each bound; the last is all of them.
        std::array<std::uint64_t, bounds.size() + 1> cumulative{};
        std::chrono::microseconds sum{};
        std::uint64_t count() const { return cumulative.back(); }
    };

    void observe(std::chrono::microseconds duration) {
        std::size_t bucket = 0;
        while (bucket < bounds.size() && duration > bounds[bucket]) ++bucket;
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_us_.fetch_add(duration.count(), std::memory_order_relaxed);
    }

    Snapshot snapshot() const {
        Snapshot snapshot;
        std::uint64_t total = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket)
            snapshot.cumulative[bucket] = total += counts_[bucket].load(std::memory_order_relaxed);
        snapshot.sum = std::chrono::microseconds{sum_us_.load(std::memory_order_relaxed)};
        return snapshot;
    }

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
    std::atomic<std::int64_t> sum_us_{0};
};

}  // namespace call
