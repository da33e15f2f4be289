#include "net/event_loop.hpp"

#include "net/resolver.hpp"
#include "net/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using net::Clock;
using net::EventLoop;

// Runs the loop until it is stopped; fails when nobody does.
void run(EventLoop& loop) {
    bool late = false;
    net::Timer limit(loop.timers(), [&] {
        late = true;
        loop.stop();
    });
    limit.arm(loop.now() + 20s);
    loop.run();
    EXPECT_FALSE(late);
}

TEST(EventLoop, does_what_is_posted_in_order_whoever_posts_it) {
    EventLoop loop;
    std::vector<int> done;
    std::jthread other([&] {
        for (int i = 0; i < 1000; ++i) loop.post([&, i] { done.push_back(i); });
        loop.post([&] { loop.stop(); });
    });
    run(loop);
    ASSERT_EQ(done.size(), 1000u);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, timers_are_not_kept_waiting_by_work_that_posts_itself_again) {
    EventLoop loop;
    int times = 0;
    std::function<void()> again = [&] {
        ++times;
        loop.post(again);
    };
    again();
    net::Timer timer(loop.timers(), [&] { loop.stop(); });
    timer.arm(loop.now() + 10ms);
    run(loop);
    EXPECT_GT(times, 1);
}

TEST(EventLoop, a_timer_fires_at_its_time_and_not_before) {
    EventLoop loop;
    const auto due = loop.now() + 30ms;
    net::Timer timer(loop.timers(), [&] {
        EXPECT_GE(Clock::now(), due);
        loop.stop();
    });
    timer.arm(due);
    run(loop);
}

TEST(EventLoop, stopped_before_it_runs_does_nothing) {
    EventLoop loop;
    bool done = false;
    loop.stop();
    loop.post([&] { done = true; });
    loop.run();
    EXPECT_FALSE(done);
    loop.settle();
    EXPECT_TRUE(done);
}

TEST(EventLoop, destroys_what_it_was_given_and_never_did) {
    const auto held = std::make_shared<int>(1);
    {
        EventLoop loop;
        loop.keep(std::make_shared<std::shared_ptr<int>>(held));
        // Posts again while it is destroyed, as a retired connection may.
        struct Last {
            ~Last() {
                loop.post([kept = kept] {});
            }
            EventLoop& loop;
            std::shared_ptr<int> kept;
        };
        loop.post([last = std::make_shared<Last>(loop, held)] {});
        EXPECT_GT(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Resolver, finds_the_addresses_of_a_host) {
    EventLoop loop;
    std::optional<net::Resolver::Result> result;
    const auto lookup = loop.resolver().look_up("127.0.0.1", 8001, [&](net::Resolver::Result found) {
        result = std::move(found);
        loop.stop();
    });
    run(loop);
    ASSERT_TRUE(result && *result);
    ASSERT_EQ((*result)->size(), 1u);
    const auto& address = reinterpret_cast<const sockaddr_in&>((*result)->front().storage);
    EXPECT_EQ(address.sin_family, AF_INET);
    EXPECT_EQ(ntohs(address.sin_port), 8001);
    EXPECT_EQ(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(Resolver, says_why_a_name_leads_nowhere) {
    EventLoop loop;
    std::string why;
    const auto lookup = loop.resolver().look_up("no such host", 80, [&](const net::Resolver::Result& found) {
        if (!found) why = found.error();
        loop.stop();
    });
    run(loop);
    EXPECT_FALSE(why.empty());
}

TEST(Resolver, tells_nobody_who_no_longer_asks) {
    EventLoop loop;
    int told = 0;
    loop.resolver().look_up("127.0.0.1", 1, [&](const net::Resolver::Result&) { ++told; });
    auto cancelled = loop.resolver().look_up("127.0.0.1", 1, [&](const net::Resolver::Result&) { ++told; });
    cancelled.reset();
    const auto last = loop.resolver().look_up("127.0.0.1", 1, [&](const net::Resolver::Result&) { loop.stop(); });
    run(loop);
    EXPECT_EQ(told, 0);
}

TEST(Signals, arrive_on_the_loop_whoever_is_interrupted) {
    EventLoop loop;
    std::vector<int> came;
    const net::Signals signals(loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
        came.push_back(signal);
        if (came.size() == 2) loop.stop();
    });
    std::jthread other([] {
        ::raise(SIGUSR1);
        ::raise(SIGUSR2);
    });
    run(loop);
    EXPECT_EQ(came, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

}  // namespace
