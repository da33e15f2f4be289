#pragma once
// Work for one thread, in order: what blocks on a disk is done there, so that no loop waits for it.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gateway {

class DiskLine {
public:
    using Work = std::function<void()>;
    static constexpr std::size_t without_bound = static_cast<std::size_t>(-1);

    DiskLine() : thread_([this] { work(); }) {}
    ~DiskLine();  // after all that waits is done
    DiskLine(const DiskLine&) = delete;
    DiskLine& operator=(const DiskLine&) = delete;

    // From any thread. False, and nothing is done, when `waiting_max` wait already.
    bool add(Work work, std::size_t waiting_max);
    void settle();  // waits until everything added so far is done

private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> waiting_;
    bool busy_ = false, closed_ = false;
    std::jthread thread_;  // last: the rest is there when it begins
};

}  // namespace gateway
