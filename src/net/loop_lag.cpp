#include "net/loop_lag.hpp"

#include <algorithm>
#include <limits>

namespace net {

LoopLag::LoopLag(EventLoop& loop) : loop_(loop), timer_(loop.timers(), [this] { look(); }) {
    // Not before the loop runs: the time until then is no lag.
    loop_.post([this] {
        due_ = loop_.now() + interval;
        timer_.arm(due_);
    });
}

void LoopLag::look() {
    const Instant now = loop_.now();
    for (; due_ <= now; due_ += interval) {
        const auto late = std::chrono::duration_cast<std::chrono::microseconds>(now - due_).count();
        late_us_[next_++ % kept] =
            static_cast<std::uint32_t>(std::min<std::int64_t>(late, std::numeric_limits<std::uint32_t>::max()));
    }
    timer_.arm(due_);
    publish();
}

void LoopLag::publish() {
    auto sorted = late_us_;
    constexpr auto middle = kept / 2, high = kept * 95 / 100;
    std::ranges::nth_element(sorted, sorted.begin() + high);
    p95_.store(sorted[high], std::memory_order_relaxed);
    max_.store(*std::max_element(sorted.begin() + high, sorted.end()), std::memory_order_relaxed);
    std::nth_element(sorted.begin(), sorted.begin() + middle, sorted.begin() + high);
    p50_.store(sorted[middle], std::memory_order_relaxed);
}

LoopLag::Figures LoopLag::figures() const {
    using us = std::chrono::microseconds;
    return {us(p50_.load(std::memory_order_relaxed)), us(p95_.load(std::memory_order_relaxed)),
            us(max_.load(std::memory_order_relaxed))};
}

}  // namespace net
