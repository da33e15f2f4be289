#include "gateway/disk_line.hpp"

#include "net/mishap.hpp"

#include <utility>

namespace gateway {

DiskLine::~DiskLine() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

bool DiskLine::add(Work work, std::size_t waiting_max) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_max) return false;
    waiting_.push_back(std::move(work));
    changed_.notify_all();
    return true;
}

// Until closed and empty.
void DiskLine::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        Work next = std::move(waiting_.front());
        waiting_.pop_front();
        busy_ = true;
        lock.unlock();
        net::guarded("disk", next);
        next = nullptr;
        lock.lock();
        busy_ = false;
        changed_.notify_all();
    }
}

void DiskLine::settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.empty() && !busy_; });
}

}  // namespace gateway
