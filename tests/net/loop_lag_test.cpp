#include "net/loop_lag.hpp"

#include "net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;

// Work that keeps the loop from everything else.
void hold_up(net::EventLoop& loop, std::chrono::milliseconds duration) {
    loop.post([duration] {
        const auto end = net::Clock::now() + duration;
        while (net::Clock::now() < end) std::this_thread::yield();
    });
}

TEST(LoopLag, one_pause_counts_for_every_look_it_made_the_loop_miss) {
    net::EventLoop loop;
    const net::LoopLag lag(loop);
    // 600 ms are 12 looks of 50 ms; of 128 kept looks 7 are above the 95th percentile.
    hold_up(loop, 600ms);
    EXPECT_TRUE(test::run_until(loop, [&] { return lag.figures().max >= 400ms; }));
    const auto figures = lag.figures();
    EXPECT_GE(figures.p95, 100ms);
    EXPECT_LE(figures.p50, 50ms) << "most looks were in time";
    EXPECT_GE(figures.max, figures.p95);
}

TEST(LoopLag, is_forgotten_when_the_loop_has_been_in_time_for_long_enough) {
    net::EventLoop loop;
    const net::LoopLag lag(loop);
    hold_up(loop, 600ms);
    ASSERT_TRUE(test::run_until(loop, [&] { return lag.p95() >= 100ms; }));
    EXPECT_TRUE(test::run_until(loop, [&] { return lag.figures().max < 100ms; }));
}

TEST(LoopLag, the_time_before_the_loop_runs_is_no_lag) {
    net::EventLoop loop;
    const net::LoopLag lag(loop);
    std::this_thread::sleep_for(200ms);
    int turns = 0;
    net::Timer turn(loop.timers(), [&] {
        if (++turns < 3) turn.arm(loop.now() + 60ms);
    });
    turn.arm(loop.now());
    ASSERT_TRUE(test::run_until(loop, [&] { return turns == 3; }));
    EXPECT_LT(lag.figures().max, 150ms);
}

}  // namespace
