#include "net/tick_wheel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace {

using namespace std::chrono_literals;
using net::Instant;
using net::TickWheel;
using net::Timer;

const Instant start{1000s};

TEST(TickWheel, fires_once_at_or_after_the_deadline_and_never_before) {
    TickWheel wheel(start);
    int fired = 0;
    Timer timer(wheel, [&] { ++fired; });
    timer.arm(start + 20ms);
    wheel.advance(start + 19ms);
    EXPECT_EQ(fired, 0);
    wheel.advance(start + 20ms);
    EXPECT_EQ(fired, 1);
    EXPECT_FALSE(timer.armed());
    wheel.advance(start + 10s);
    EXPECT_EQ(fired, 1);
}

TEST(TickWheel, a_deadline_between_two_ticks_waits_for_the_later_one) {
    TickWheel wheel(start);
    int fired = 0;
    Timer timer(wheel, [&] { ++fired; });
    timer.arm(start + 20ms + 300us);
    wheel.advance(start + 20ms + 200us);
    EXPECT_EQ(fired, 0);
    wheel.advance(start + 21ms);
    EXPECT_EQ(fired, 1);
}

TEST(TickWheel, deadlines_beyond_one_turn_wait_their_turns) {
    TickWheel wheel(start);
    std::vector<int> fired;
    Timer near(wheel, [&] { fired.push_back(1); });
    Timer far(wheel, [&] { fired.push_back(2); });
    far.arm(start + 5ms + 4096ms * 3);
    near.arm(start + 5ms);
    for (auto t = 0ms; t < 4096ms * 3; t += 7ms) wheel.advance(start + t);
    EXPECT_EQ(fired, std::vector<int>{1});
    wheel.advance(start + 5ms + 4096ms * 3);
    EXPECT_EQ(fired, (std::vector<int>{1, 2}));
}

TEST(TickWheel, catches_up_after_a_pause_longer_than_a_turn) {
    TickWheel wheel(start);
    int fired = 0;
    Timer timer(wheel, [&] { ++fired; });
    timer.arm(start + 1s);
    wheel.advance(start + 3600s);
    EXPECT_EQ(fired, 1);
    timer.arm(start + 3600s + 2ms);
    wheel.advance(start + 3600s + 2ms);
    EXPECT_EQ(fired, 2);
}

TEST(TickWheel, moving_and_disarming_leave_nothing_behind) {
    TickWheel wheel(start);
    int fired = 0;
    {
        Timer timer(wheel, [&] { ++fired; });
        timer.arm(start + 5ms);
        timer.arm(start + 50ms);
        wheel.advance(start + 10ms);
        EXPECT_EQ(fired, 0);
        timer.disarm();
        wheel.advance(start + 60ms);
        EXPECT_EQ(fired, 0);
        timer.arm(start + 70ms);
    }
    wheel.advance(start + 80ms);
    EXPECT_EQ(fired, 0);
    EXPECT_FALSE(wheel.next_wake());
}

TEST(TickWheel, callbacks_may_rearm_and_destroy_timers_of_the_same_tick) {
    TickWheel wheel(start);
    int repeats = 0;
    std::unique_ptr<Timer> victim, itself;
    Timer repeating(wheel, [&] {
        ++repeats;
        victim.reset();
        repeating.arm(start + 10ms + repeats * 1ms);
    });
    int victim_fired = 0;
    victim = std::make_unique<Timer>(wheel, [&] { ++victim_fired; });
    itself = std::make_unique<Timer>(wheel, [&] { itself.reset(); });
    // Timers of a slot fire in the order they were armed in or its reverse; whichever is first, nothing breaks.
    victim->arm(start + 10ms);
    repeating.arm(start + 10ms);
    itself->arm(start + 10ms);
    wheel.advance(start + 15ms);
    EXPECT_EQ(repeats, 6);
    EXPECT_LE(victim_fired, 1);
    EXPECT_EQ(itself, nullptr);
}

TEST(TickWheel, next_wake_is_never_later_than_the_first_deadline) {
    std::mt19937 random(7);
    TickWheel wheel(start);
    std::vector<std::unique_ptr<Timer>> timers;
    Instant now = start;
    int fired = 0;
    for (int i = 0; i < 300; ++i) {
        timers.push_back(std::make_unique<Timer>(wheel, [&] { ++fired; }));
        timers.back()->arm(start + std::chrono::microseconds(random() % 20'000'000));
    }
    while (const auto wake = wheel.next_wake()) {
        Instant first = Instant::max();
        for (const auto& timer : timers) {
            if (timer->armed()) first = std::min(first, timer->when());
        }
        ASSERT_LE(*wake, first + 1ms);
        now = std::max(now, *wake);
        wheel.advance(now);
    }
    EXPECT_EQ(fired, 300);
}

}  // namespace
