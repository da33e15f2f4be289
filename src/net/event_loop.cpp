#include "net/event_loop.hpp"

#include "net/resolver.hpp"

#include <algorithm>
#include <utility>

namespace net {

namespace {

// Room for what a few calls send between two wake-ups; a longer burst is read in several turns.
constexpr std::size_t read_buffer_bytes = 256 * 1024;

}  // namespace

EventLoop::EventLoop() : timers_(Clock::now()), read_buffer_(read_buffer_bytes + read_padding) {}

EventLoop::~EventLoop() {
    resolver_.reset();
    // What was posted may own things of this loop, and they post in turn when they go.
    work_.discard();
    kept_.clear();
    work_.discard();
}

void EventLoop::run() {
    while (!stopped_) turn(Instant::max());
}

void EventLoop::stop() {
    stopped_ = true;
    post([] {});  // wakes it
}

void EventLoop::turn(Instant until) {
    if (const auto wake = timers_.next_wake()) until = std::min(until, *wake);
    poller_.dispatch(until);
    timers_.advance(Clock::now());
}

void EventLoop::settle() {
    while (work_.run()) continue;
}

void EventLoop::post(std::function<void()> work) {
    work_.post(std::move(work));
}

Resolver& EventLoop::resolver() {
    if (!resolver_) resolver_ = std::make_unique<Resolver>(*this);
    return *resolver_;
}

}  // namespace net
