#include "gateway/loop_timers.hpp"

#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {

using namespace std::chrono_literals;

class LoopTimersTest : public testing::Test {
protected:
    net::EventLoop loop;
    gateway::LoopTimers timers{loop};
};

TEST_F(LoopTimersTest, fire_in_order_and_not_early) {
    std::vector<int> fired;
    const auto begun = timers.now();
    auto late = timers.after(20ms, [&] {
        fired.push_back(2);
        EXPECT_GE(timers.now() - begun, 20ms);
    });
    auto early = timers.after(5ms, [&] {
        fired.push_back(1);
        EXPECT_GE(timers.now() - begun, 5ms);
    });
    ASSERT_TRUE(test::run_until(loop, [&] { return fired.size() == 2; }));
    EXPECT_EQ(fired, (std::vector{1, 2}));
}

TEST_F(LoopTimersTest, without_delay_still_fire_later_and_once) {
    int fired = 0;
    auto timer = timers.after(0ms, [&] { ++fired; });
    EXPECT_EQ(fired, 0);
    ASSERT_TRUE(test::run_until(loop, [&] { return fired > 0; }));
    bool later = false;
    auto end = timers.after(10ms, [&] { later = true; });
    ASSERT_TRUE(test::run_until(loop, [&] { return later; }));
    EXPECT_EQ(fired, 1);
}

TEST_F(LoopTimersTest, without_delay_take_their_turn_and_wait_for_no_tick) {
    std::vector<int> order;
    const auto timer = timers.after(0ms, [&] { order.push_back(1); });
    loop.post([&] { order.push_back(2); });
    auto dropped = timers.after(0ms, [&] { order.push_back(3); });
    dropped.reset();
    ASSERT_TRUE(test::run_until(loop, [&] { return order.size() == 2; }));
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST_F(LoopTimersTest, do_not_fire_after_destruction_even_in_the_same_tick) {
    bool fired = false, later = false;
    std::unique_ptr<speech::Timers::Timer> one, other;
    // Both are due together; whichever comes first destroys the other.
    int count = 0;
    one = timers.after(2ms, [&] { ++count, other.reset(); });
    other = timers.after(2ms, [&] { ++count, one.reset(); });
    timers.after(1ms, [&] { fired = true; });
    const auto end = timers.after(10ms, [&] { later = true; });
    ASSERT_TRUE(test::run_until(loop, [&] { return later; }));
    EXPECT_FALSE(fired);
    EXPECT_EQ(count, 1);
}

TEST_F(LoopTimersTest, may_be_destroyed_by_their_own_callback) {
    std::unique_ptr<speech::Timers::Timer> timer;
    const auto witness = std::make_shared<int>(7);
    int seen = 0;
    timer = timers.after(1ms, [&, witness] {
        timer.reset();
        seen = *witness;  // what the callback owns outlives its timer
    });
    ASSERT_TRUE(test::run_until(loop, [&] { return seen != 0; }));
    EXPECT_EQ(seen, 7);
}

}  // namespace
