#include "net/poller.hpp"

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace net {

namespace {
constexpr std::size_t batch_events = 256;
}

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), batch_(batch_events) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
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

std::size_t Poller::dispatch() {
    const int ready = ::epoll_wait(epoll_, batch_.data(), static_cast<int>(batch_.size()), 0);
    if (ready <= 0) return 0;
    batch_size_ = static_cast<std::size_t>(ready);
    for (std::size_t i = 0; i < batch_size_; ++i) {
        if (auto* pollable = static_cast<Pollable*>(batch_[i].data.ptr)) pollable->on_ready(batch_[i].events);
    }
    return std::exchange(batch_size_, 0);
}

}  // namespace net
