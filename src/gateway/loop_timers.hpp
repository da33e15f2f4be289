#pragma once
// The speech chain's time on an event loop: its timers are the loop's.

#include "net/event_loop.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace gateway {

class LoopTimers final : public speech::Timers {
public:
    explicit LoopTimers(net::EventLoop& loop) : loop_(loop) {}

    speech::Instant now() const override { return loop_.now(); }
    // Not before `delay` has passed and never from inside this call, even when `delay` is nothing. The callback may
    // destroy its timer.
    std::unique_ptr<Timer> after(std::chrono::milliseconds delay, std::function<void()> callback) override;

private:
    net::EventLoop& loop_;
};

}  // namespace gateway
