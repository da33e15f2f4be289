#include "gateway/loop_timers.hpp"

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

}  // namespace

std::unique_ptr<speech::Timers::Timer> LoopTimers::after(std::chrono::milliseconds delay,
                                                         std::function<void()> callback) {
    return std::make_unique<WheelTimer>(loop_.timers(), loop_.now() + delay, std::move(callback));
}

}  // namespace gateway
