#pragma once
// Signals of the process as events of a loop.

#include "net/event_loop.hpp"

#include <functional>
#include <initializer_list>
#include <vector>

namespace net {

class Signals final : private Pollable {
public:
    // Takes these signals over from their default until it is destroyed. Only one object may have a signal at a time.
    Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

private:
    void on_ready(std::uint32_t events) override;

    EventLoop& loop_;
    std::vector<int> signals_;
    std::function<void(int)> on_signal_;
    int pipe_[2];  // a handler may do little more than write
};

}  // namespace net
