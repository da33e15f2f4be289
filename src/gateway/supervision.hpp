#pragma once
// What the service manager (systemd) is told: that calls are taken, that the program moves, that it is finishing. It
// moves while every event loop does; when one hangs the telling ends, and the service manager starts the program anew.

#include "net/event_loop.hpp"
#include "net/notify_socket.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gateway {

class Supervision {
public:
    struct Options {
        std::string notify_socket;             // $NOTIFY_SOCKET; empty: nobody is told
        std::chrono::microseconds watchdog{};  // $WATCHDOG_USEC, the longest silence allowed; 0: no watchdog
    };
    using Status = std::function<std::string()>;  // one line for `systemctl status`

    // Lives on the first of the loops.
    Supervision(std::vector<net::EventLoop*> loops, Options options, Status status);

    void ready();
    void stopping(std::chrono::seconds at_most);

private:
    void look();

    const std::vector<net::EventLoop*> loops_;
    const Options options_;
    const Status status_;
    const net::NotifySocket manager_;
    std::shared_ptr<std::atomic<std::size_t>> answers_;  // of the loops, since they were last asked
    net::Timer next_look_;
};

}  // namespace gateway
