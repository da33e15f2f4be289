#pragma once
// The sockets of one loop in one epoll set.

#include <chrono>
#include <cstdint>
#include <sys/epoll.h>
#include <vector>

namespace net {

// Called when its descriptor is ready. `events` are epoll's.
class Pollable {
public:
    virtual void on_ready(std::uint32_t events) = 0;

protected:
    ~Pollable() = default;
};

class Poller {
public:
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // False when the kernel refuses (descriptor limit).
    bool add(int descriptor, std::uint32_t events, Pollable& pollable);
    void modify(int descriptor, std::uint32_t events, Pollable& pollable);
    // After it no event reaches `pollable`, not even one already fetched.
    void remove(int descriptor, Pollable& pollable);

    // Waits until something is ready, or `until`, and hands out what is.
    void dispatch(std::chrono::steady_clock::time_point until);

private:
    int wait(std::chrono::nanoseconds at_most);

    int epoll_;
    // Before Linux 5.11, in some sandboxes and under valgrind there is no epoll_pwait2: timers are then a millisecond
    // late.
    bool waits_to_the_tick_ = true;
    std::vector<epoll_event> batch_;
    std::size_t batch_size_ = 0;
};

}  // namespace net
