#include "wire/loop.hpp"

#include "wire/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

namespace bench {

namespace {

epoll_event event_for(Actor& actor, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &actor;
    return event;
}

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wheel_(now_ns()) {}

Loop::~Loop() {
    ::close(epoll_);
}

void Loop::watch(int descriptor, std::uint32_t events, Actor& actor) {
    epoll_event event = event_for(actor, events);
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void Loop::watch_for(int descriptor, std::uint32_t events, Actor& actor) {
    epoll_event event = event_for(actor, events);
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void Loop::plan(Actor& actor, std::int64_t due_ns) {
    actor.planned_ = true;
    wheel_.add(actor, due_ns);
}

void Loop::discard(Actor& actor) {
    if (std::exchange(actor.discarded_, true)) return;
    if (!actor.planned_) discarded_.push_back(&actor);
}

void Loop::on_due(Actor& actor) {
    actor.planned_ = false;
    if (actor.discarded_) {
        discarded_.push_back(&actor);
    } else {
        actor.on_due(now_ns());
    }
}

void Loop::run() {
    while (running_) {
        wait();
        wheel_.run(now_ns(), [this](Actor& actor) { on_due(actor); });
        for (Actor* actor : discarded_) delete actor;
        discarded_.clear();
    }
}

void Loop::wait() {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t next = wheel_.next_ns();
    const std::int64_t left = std::max<std::int64_t>(next - now_ns(), 0);
    const timespec timeout{.tv_sec = left / second, .tv_nsec = left % second};
    std::array<epoll_event, 256> events;
    int ready = ::epoll_pwait2(epoll_, events.data(), events.size(), next < 0 ? nullptr : &timeout, nullptr);
    if (ready < 0 && errno == ENOSYS) {  // valgrind does not know it yet
        const int whole_ms = static_cast<int>((left + 999'999) / 1'000'000);
        ready = ::epoll_wait(epoll_, events.data(), events.size(), next < 0 ? -1 : whole_ms);
    }
    for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto& actor = *static_cast<Actor*>(event.data.ptr);
        if (!actor.discarded_) actor.on_ready(event.events);
    }
}

}  // namespace bench
