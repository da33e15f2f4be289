#include "gateway/voice_queue.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

bool VoiceQueue::add(std::shared_ptr<VoiceJob> job, net::Instant needed_by) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || waiting_.size() >= waiting_max_) return false;
        job->needed_by_ = needed_by;
        waiting_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

void VoiceQueue::set_needed_by(VoiceJob& job, net::Instant when) {
    const std::lock_guard lock(mutex_);
    job.needed_by_ = when;
}

net::Instant VoiceQueue::needed_by(const VoiceJob& job) {
    const std::lock_guard lock(mutex_);
    return job.needed_by_;
}

void VoiceQueue::remove(const VoiceJob& job) {
    std::shared_ptr<VoiceJob> removed;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(waiting_, &job, &std::shared_ptr<VoiceJob>::get);
    if (found == waiting_.end()) return;
    removed = std::move(*found);
    waiting_.erase(found);
}

std::shared_ptr<VoiceJob> VoiceQueue::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return nullptr;
    // The first of equals, so that equals take turns.
    const auto most_urgent = std::ranges::min_element(waiting_, {}, [](const auto& job) { return job->needed_by_; });
    auto job = std::move(*most_urgent);
    waiting_.erase(most_urgent);
    return job;
}

bool VoiceQueue::put_back(std::shared_ptr<VoiceJob> job, std::chrono::microseconds audio) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return false;
        job->needed_by_ += audio;
        waiting_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

std::vector<std::shared_ptr<VoiceJob>> VoiceQueue::stop() {
    std::vector<std::shared_ptr<VoiceJob>> left;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        left.swap(waiting_);
    }
    changed_.notify_all();
    return left;
}

}  // namespace gateway
