#pragma once
// All the timers of one loop in one wheel of 1 ms slots. Arming, moving and cancelling cost a list operation each; the
// loop sleeps until the next occupied slot. One system timer serves thousands of calls.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace net {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;

class TickWheel;

// One deadline. Its owner keeps it; destroying it disarms it. It fires once, never early, at most a tick late when the
// loop is free.
class Timer {
public:
    Timer(TickWheel& wheel, std::function<void()> callback);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void arm(Instant when);  // moves it when it is armed already
    void disarm();
    bool armed() const { return previous_link_ != nullptr; }
    Instant when() const { return when_; }

private:
    friend class TickWheel;
    void fire();

    TickWheel& wheel_;
    std::function<void()> callback_;
    Instant when_{};
    Timer* next_ = nullptr;  // a slot is a list of timers
    Timer** previous_link_ = nullptr;
    std::size_t slot_ = 0;
    bool* gone_ = nullptr;  // set while the callback runs, which may destroy this timer
};

class TickWheel {
public:
    explicit TickWheel(Instant start) : start_(start) {}

    // Fires what is due. Callbacks may arm and destroy timers, themselves included.
    void advance(Instant now);
    // When advance() should be called next; nullopt when nothing is armed. May be earlier than the first deadline.
    std::optional<Instant> next_wake() const;

private:
    friend class Timer;
    static constexpr std::size_t slot_count = 4096;  // about 4 s; later deadlines go round again
    static constexpr std::chrono::milliseconds tick{1};

    std::uint64_t tick_of(Instant when) const;  // rounded up, so that nothing fires early
    void insert(Timer& timer);
    void remove(Timer& timer);
    void expire_slot(std::size_t slot, Instant now);

    Instant start_;
    std::uint64_t current_ = 0;  // every tick up to here has been expired
    std::array<Timer*, slot_count> slots_{};
    std::array<std::uint64_t, slot_count / 64> occupied_{};
    std::size_t armed_ = 0;
};

}  // namespace net
