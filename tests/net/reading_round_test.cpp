#include "net/reading_round.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace {

using namespace std::chrono_literals;
using net::Clock;
using net::Instant;
using net::ReadingRound;
using net::TickWheel;

struct Socket final : ReadingRound::Member {
    void read_in_round() override {
        ++reads;
        if (then) then();
    }
    int reads = 0;
    std::function<void()> then;
};

// The wheel begins at the present, because a round compares its plan with the clock to see what a stall has cost it.
struct ReadingRoundTest : testing::Test {
    void pass(std::chrono::milliseconds time) {
        for (const Instant end = now + time; now < end;) wheel.advance(now += 1ms);
    }
    Instant now = Clock::now();
    TickWheel wheel{now};
    ReadingRound round{wheel};
};

TEST_F(ReadingRoundTest, reads_every_member_once_a_round) {
    std::vector<Socket> sockets(50);
    for (Socket& socket : sockets) round.join(socket, now);
    pass(ReadingRound::length);
    for (const Socket& socket : sockets) EXPECT_EQ(socket.reads, 1);
    pass(4 * ReadingRound::length);
    for (const Socket& socket : sockets) EXPECT_EQ(socket.reads, 5);
}

TEST_F(ReadingRoundTest, spreads_its_members_over_the_steps) {
    std::vector<Socket> sockets(40);
    int reads = 0;
    for (Socket& socket : sockets) {
        socket.then = [&] { ++reads; };
        round.join(socket, now);
    }
    for (int steps = 1; steps <= 20; ++steps) {
        pass(ReadingRound::step);
        EXPECT_EQ(reads, 2 * steps);
    }
}

TEST_F(ReadingRoundTest, sleeps_while_it_has_no_members) {
    EXPECT_FALSE(wheel.next_wake());
    Socket socket;
    round.join(socket, now);
    EXPECT_TRUE(wheel.next_wake());
    round.leave(socket);
    pass(1s);
    EXPECT_EQ(socket.reads, 0);
    EXPECT_FALSE(wheel.next_wake());
}

TEST_F(ReadingRoundTest, members_may_leave_and_join_while_they_are_read) {
    std::vector<Socket> sockets(60);
    std::vector<bool> in(sockets.size(), true);
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        sockets[i].then = [&, i] {  // takes the next one out, or puts it back in
            const std::size_t next = (i + 1) % sockets.size();
            in[next] ? round.leave(sockets[next]) : round.join(sockets[next], now);
            in[next] = !in[next];
        };
        round.join(sockets[i], now);
    }
    pass(10 * ReadingRound::length);
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        sockets[i].then = nullptr;
        sockets[i].reads = 0;
    }
    pass(ReadingRound::length);
    for (std::size_t i = 0; i < sockets.size(); ++i) EXPECT_EQ(sockets[i].reads, in[i] ? 1 : 0) << i;
}

}  // namespace
