#pragma once
// Work for a loop: posted by any thread, done in order by the loop's own.

#include "net/poller.hpp"

#include <functional>
#include <mutex>
#include <vector>

namespace net {

class WorkQueue final : private Pollable {
public:
    explicit WorkQueue(Poller& poller);
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    void post(std::function<void()> work);
    // Does what has been posted by now, but not what that posts in turn. False when there was nothing.
    bool run();
    // Destroys what was posted, and what its destruction posts.
    void discard();

private:
    void on_ready(std::uint32_t events) override;
    std::vector<std::function<void()>> take();

    Poller& poller_;
    int wake_;  // an eventfd
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;
};

}  // namespace net
