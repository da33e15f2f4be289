#pragma once
// Runs a loop until a condition holds, bounded.

#include "net/event_loop.hpp"

namespace simulator::test {

template <class Condition>
bool run_until(net::EventLoop& loop, Condition done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = net::Clock::now() + limit;
    while (!done()) {
        if (net::Clock::now() >= end) return false;
        loop.turn(end);
    }
    return true;
}

}  // namespace simulator::test
