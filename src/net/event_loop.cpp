#include "net/event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

namespace net {

namespace {

// Room for what a few calls send between two wake-ups; a longer burst is read in several turns.
constexpr std::size_t read_buffer_bytes = 256 * 1024;

using Executor = boost::asio::io_context::executor_type;

}  // namespace

struct EventLoop::Asio {
    explicit Asio(int poller)
        : work(context.get_executor()),
          sockets_ready(context.get_executor(), ::dup(poller)),
          wake(context.get_executor()) {}

    boost::asio::io_context context{1};  // one thread runs it, any may post
    boost::asio::executor_work_guard<Executor> work;
    boost::asio::posix::basic_stream_descriptor<Executor> sockets_ready;
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> wake;
};

EventLoop::EventLoop()
    : timers_(Clock::now()),
      read_buffer_(read_buffer_bytes + read_padding),
      asio_(std::make_unique<Asio>(poller_.descriptor())) {
    timers_.on_earlier_wake = [this] { await_timers(); };
    await_sockets();
}

EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::context() {
    return asio_->context;
}

void EventLoop::run() {
    asio_->context.run();
}

void EventLoop::stop() {
    asio_->context.stop();
}

void EventLoop::settle() {
    asio_->context.restart();
    asio_->context.poll();
}

void EventLoop::post(std::function<void()> work) {
    boost::asio::post(asio_->context, std::move(work));
}

void EventLoop::await_sockets() {
    asio_->sockets_ready.async_wait(boost::asio::posix::descriptor_base::wait_read,
                                    [this](boost::system::error_code error) {
                                        if (error) return;
                                        poller_.dispatch();
                                        await_sockets();
                                    });
}

void EventLoop::await_timers() {
    const auto wake = timers_.next_wake();
    if (!wake) return;
    asio_->wake.expires_at(*wake);
    asio_->wake.async_wait([this](boost::system::error_code error) {
        if (error) return;
        timers_.advance(Clock::now());
        await_timers();
    });
}

}  // namespace net
