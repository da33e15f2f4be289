#include "net/poller.hpp"

#include "net/mishap.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <unistd.h>

namespace net {

namespace {

constexpr std::size_t batch_events = 256;

std::chrono::nanoseconds left_until(std::chrono::steady_clock::time_point until) {
    constexpr std::chrono::nanoseconds longest = std::chrono::hours(1);
    const auto now = std::chrono::steady_clock::now();
    return until <= now ? std::chrono::nanoseconds{0} : std::min(until - now, longest);
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), batch_(batch_events) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    const timespec at_once{};
    waits_to_the_tick_ = ::epoll_pwait2(epoll_, batch_.data(), 1, &at_once, nullptr) == 0;
}

Poller::~Poller() {
    ::close(epoll_);
}

bool Poller::add(int descriptor, std::uint32_t events, Pollable& pollable) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::modify(int descriptor, std::uint32_t events, Pollable& pollable) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void Poller::remove(int descriptor, Pollable& pollable) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
    for (std::size_t i = 0; i < batch_size_; ++i) {
        if (batch_[i].data.ptr == &pollable) batch_[i].data.ptr = nullptr;
    }
}

int Poller::wait(std::chrono::nanoseconds at_most) {
    const int size = static_cast<int>(batch_.size());
    if (!waits_to_the_tick_) {
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(at_most);
        return ::epoll_wait(epoll_, batch_.data(), size, static_cast<int>(milliseconds.count()));
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at_most);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (at_most - seconds).count()};
    return ::epoll_pwait2(epoll_, batch_.data(), size, &timeout, nullptr);
}

void Poller::dispatch(std::chrono::steady_clock::time_point until) {
    const int ready = wait(left_until(until));
    if (ready <= 0) return;  // the time is over, or a signal came
    batch_size_ = static_cast<std::size_t>(ready);
    for (std::size_t i = 0; i < batch_size_; ++i) {
        auto* const pollable = static_cast<Pollable*>(batch_[i].data.ptr);
        if (pollable != nullptr) guarded("socket", [&] { pollable->on_ready(batch_[i].events); });
    }
    batch_size_ = 0;
}

}  // namespace net
