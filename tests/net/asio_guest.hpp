#pragma once
// Asio for a test's own servers, on the thread of the loop under test: sockets that are not ours, without locks.

#include "net/event_loop.hpp"

#include <boost/asio/io_context.hpp>

namespace test {

class AsioGuest {
public:
    explicit AsioGuest(net::EventLoop& loop) : loop_(loop), poll_(loop.timers(), [this] { poll(); }) { poll(); }

    boost::asio::io_context context;

private:
    void poll() {
        context.restart();
        context.poll();
        poll_.arm(loop_.now() + std::chrono::milliseconds(1));
    }

    net::EventLoop& loop_;
    net::Timer poll_;
};

}  // namespace test
