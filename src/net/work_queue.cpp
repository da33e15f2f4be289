#include "net/work_queue.hpp"

#include "net/mishap.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace net {

WorkQueue::WorkQueue(Poller& poller) : poller_(poller), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    // Edge-triggered: each write wakes the loop once, and nobody has to read it.
    if (wake_ < 0 || !poller_.add(wake_, EPOLLIN | EPOLLET, *this))
        throw std::system_error(errno, std::generic_category(), "eventfd");
}

WorkQueue::~WorkQueue() {
    poller_.remove(wake_, *this);
    ::close(wake_);
}

void WorkQueue::post(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(work));
    if (posted_.size() == 1) ::eventfd_write(wake_, 1);
}

std::vector<std::function<void()>> WorkQueue::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(posted_, {});
}

bool WorkQueue::run() {
    const auto works = take();
    for (const auto& work : works) guarded("posted work", work);
    return !works.empty();
}

void WorkQueue::discard() {
    while (!take().empty()) continue;
}

void WorkQueue::on_ready(std::uint32_t) {
    run();
}

}  // namespace net
