#pragma once
// One thread's event loop: epoll and a wheel, nothing else. Shared by the bare server and the load generator.

#include "wire/wheel.hpp"

#include <cstdint>
#include <vector>

namespace bench {

// What has a socket, a due time, or both. Deleted by Loop::discard().
class Actor : public WheelEntry<Actor> {
public:
    virtual ~Actor() = default;
    virtual void on_ready(std::uint32_t events) = 0;  // epoll's
    virtual void on_due(std::int64_t now_ns) = 0;

private:
    friend class Loop;
    bool planned_ = false, discarded_ = false;
};

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void watch(int descriptor, std::uint32_t events, Actor& actor);
    void watch_for(int descriptor, std::uint32_t events, Actor& actor);  // instead of what was watched for
    void plan(Actor& actor, std::int64_t due_ns);                        // at most one due time at once
    void discard(Actor& actor);  // its socket is closed; it is deleted when nothing points to it any more

    void run();
    void stop() { running_ = false; }

private:
    void wait();
    void on_due(Actor& actor);

    int epoll_;
    bool running_ = true;
    Wheel<Actor> wheel_;
    std::vector<Actor*> discarded_;
};

}  // namespace bench
