#pragma once
// The way from other threads to one loop, for as long as there is somebody on the loop to hear of it.

#include "net/event_loop.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace gateway {

class LoopMailbox {
public:
    explicit LoopMailbox(net::EventLoop& loop) : loop_(&loop) {}

    // From any thread. After close() the work is dropped.
    void post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        if (loop_ != nullptr) loop_->post(std::move(work));
    }
    // On the loop, before it goes.
    void close() {
        const std::lock_guard lock(mutex_);
        loop_ = nullptr;
    }

private:
    std::mutex mutex_;
    net::EventLoop* loop_;
};

}  // namespace gateway
