#include "net/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace net {

namespace {

std::array<std::atomic<int>, NSIG> pipe_of{};  // where to write that a signal has come

void on_any_signal(int signal) {
    const int error = errno;
    const auto name = static_cast<unsigned char>(signal);
    // A full pipe means that this one is waiting to be told already.
    [[maybe_unused]] const auto written = ::write(pipe_of[static_cast<std::size_t>(signal)], &name, 1);
    errno = error;
}

}  // namespace

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : loop_(loop), signals_(signals), on_signal_(std::move(on_signal)) {
    if (::pipe2(pipe_, O_NONBLOCK | O_CLOEXEC) != 0 || !loop_.poller().add(pipe_[0], EPOLLIN, *this))
        throw std::system_error(errno, std::generic_category(), "pipe for signals");
    struct sigaction action{};
    action.sa_handler = on_any_signal;
    action.sa_flags = SA_RESTART;
    for (const int signal : signals_) {
        pipe_of[static_cast<std::size_t>(signal)] = pipe_[1];
        ::sigaction(signal, &action, nullptr);
    }
}

Signals::~Signals() {
    for (const int signal : signals_) std::signal(signal, SIG_DFL);
    loop_.poller().remove(pipe_[0], *this);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
}

void Signals::on_ready(std::uint32_t) {
    unsigned char signal = 0;
    while (::read(pipe_[0], &signal, 1) == 1) on_signal_(signal);
}

}  // namespace net
