#pragma once
// How late a loop is: by how much a timer fires after it was due, looked at every 50 ms over the last 6.4 s. A loop
// that has more to do than it can do is late, whatever it is that keeps it busy. A pause counts for every time it made
// the timer miss.

#include "net/event_loop.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace net {

class LoopLag {
public:
    struct Figures {
        std::chrono::microseconds p50{}, p95{}, max{};
    };

    explicit LoopLag(EventLoop& loop);

    Figures figures() const;  // from any thread
    std::chrono::microseconds p95() const { return std::chrono::microseconds(p95_.load(std::memory_order_relaxed)); }

    static constexpr std::chrono::milliseconds interval{50};
    static constexpr std::size_t kept = 128;

private:
    void look();
    void publish();

    EventLoop& loop_;
    std::array<std::uint32_t, kept> late_us_{};  // the latest, in no order
    std::size_t next_ = 0;
    Instant due_{};
    Timer timer_;
    std::atomic<std::uint32_t> p50_{0}, p95_{0}, max_{0};
};

}  // namespace net
