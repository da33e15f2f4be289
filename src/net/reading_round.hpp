#pragma once
// Reads sockets whose input nobody waits for: each once a round, many frames at a time, instead of once for every frame
// that arrives, because a read costs nearly the same for ten frames as for one. What a peer sends is then known a round
// late at most. Sockets are spread over the steps of a round, so that no step holds up the rest of the loop.

#include "net/tick_wheel.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

namespace net {

class ReadingRound {
public:
    class Member {
    public:
        virtual void read_in_round() = 0;  // may join and leave, itself included

    protected:
        ~Member() = default;

    private:
        friend class ReadingRound;
        std::size_t step_ = 0, place_ = 0;
    };

    static constexpr std::chrono::milliseconds length{200}, step{10};

    explicit ReadingRound(TickWheel& wheel);

    void join(Member& member, Instant now);
    void leave(Member& member);

private:
    void take_step();

    static constexpr std::size_t steps = length / step;
    std::array<std::vector<Member*>, steps> members_;
    std::size_t member_count_ = 0;
    std::size_t current_ = 0;
    Timer timer_;
};

}  // namespace net
