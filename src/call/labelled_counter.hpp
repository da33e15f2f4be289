#pragma once
// A counter with one label. The values seen first each get a line; once there are `labels_max` of them, the rest is
// counted as "other", so that nothing a peer sends can grow the metrics without end.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace call {

class LabelledCounter {
public:
    static constexpr std::size_t labels_max = 64;
    using Counts = std::map<std::string, std::uint64_t, std::less<>>;

    // `expected` are there at 0 from the start: the rate of a counter that first appears as 1 is 0.
    LabelledCounter(std::initializer_list<std::string_view> expected = {}) {
        for (const std::string_view label : expected) counts_.emplace(label, 0);
    }

    void add(std::string_view label, std::uint64_t amount = 1) {
        const std::lock_guard lock(mutex_);
        if (const auto found = counts_.find(label); found != counts_.end()) {
            found->second += amount;
            return;
        }
        counts_[counts_.size() < labels_max ? std::string(label) : std::string("other")] += amount;
    }

    Counts snapshot() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

private:
    mutable std::mutex mutex_;
    Counts counts_;
};

}  // namespace call
