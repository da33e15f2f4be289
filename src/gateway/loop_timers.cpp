#include "gateway/loop_timers.hpp"

#include <memory>
#include <utility>

namespace gateway {

namespace {

class WheelTimer final : public speech::Timers::Timer {
public:
    WheelTimer(net::TickWheel& wheel, net::Instant when, std::function<void()> callback)
        : timer_(wheel, std::move(callback)) {
        timer_.arm(when);
    }

private:
    net::Timer timer_;
};

// Without the wheel's tick of delay: a cached sentence passes here on its way to a caller who waits.
class Soon final : public speech::Timers::Timer {
public:
    Soon(net::EventLoop& loop, std::function<void()> callback)
        : callback_(std::make_shared<std::function<void()>>(std::move(callback))) {
        loop.post([waiting = std::weak_ptr(callback_)] {
            if (const auto still_wanted = waiting.lock()) std::exchange(*still_wanted, nullptr)();
        });
    }

private:
    std::shared_ptr<std::function<void()>> callback_;
};

}  // namespace

std::unique_ptr<speech::Timers::Timer> LoopTimers::after(std::chrono::milliseconds delay,
                                                         std::function<void()> callback) {
    if (delay <= std::chrono::milliseconds{0}) return std::make_unique<Soon>(loop_, std::move(callback));
    return std::make_unique<WheelTimer>(loop_.timers(), loop_.now() + delay, std::move(callback));
}

}  // namespace gateway
