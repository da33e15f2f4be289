#include "speech/request_slots.hpp"

#include <algorithm>
#include <utility>

namespace speech {

bool RequestSlots::take(Instant now) {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty() || !has_slot(now)) return false;
    ++in_flight_;
    return true;
}

void RequestSlots::give_back(Instant now) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    admit_waiting(now);
}

RequestSlots::Place RequestSlots::wait(Instant needed_by, const Admit& admit) {
    const std::lock_guard lock(mutex_);
    const Place place{needed_by, serial_++};
    waiting_.emplace(place, &admit);
    if (waiting_.size() == 1 && short_) short_();
    return place;
}

bool RequestSlots::leave(Place place) {
    const std::lock_guard lock(mutex_);
    return waiting_.erase(place) > 0;
}

void RequestSlots::note_reply(std::size_t current, std::size_t maximum, std::size_t ours, Instant now) {
    if (maximum == 0) return;
    const std::lock_guard lock(mutex_);
    seen_max_ = maximum;
    seen_at_ = now;
    others_ = current > ours ? current - ours : 0;
    others_until_ = now + options_.others_believed;
    admit_waiting(now);
}

void RequestSlots::set_share(std::optional<Share> share, Instant now) {
    const std::lock_guard lock(mutex_);
    share_ = share;
    admit_waiting(now);
}

void RequestSlots::when_short(std::function<void()> told) {
    const std::lock_guard lock(mutex_);
    short_ = std::move(told);
}

RequestSlots::Figures RequestSlots::figures(Instant now) const {
    const std::lock_guard lock(mutex_);
    return {.in_flight = in_flight_, .waiting = waiting_.size(), .limit = limit(now).value_or(0)};
}

RequestSlots::Plan RequestSlots::plan() const {
    const std::lock_guard lock(mutex_);
    return {.stated = options_.requests_max, .seen = seen_max_, .seen_at = seen_at_};
}

// What a reply tells of others' requests would count instances with grants of their own twice.
std::optional<std::size_t> RequestSlots::limit(Instant now) const {
    if (!share_) return unshared_limit(now);
    if (share_->granted) return share_->slots;
    return std::min(share_->slots, unshared_limit(now).value_or(share_->slots));
}

// At least one, so that whoever waits is always behind somebody who will give back.
std::optional<std::size_t> RequestSlots::unshared_limit(Instant now) const {
    const std::size_t stated = options_.requests_max;
    if (seen_max_ == 0) return stated == 0 ? std::nullopt : std::optional(stated);
    const std::size_t others = now < others_until_ ? others_ : 0;
    const std::size_t left = seen_max_ > others ? seen_max_ - others : 1;
    return stated == 0 ? left : std::min(left, stated);
}

bool RequestSlots::has_slot(Instant now) const {
    return in_flight_ < std::min(limit(now).value_or(options_.connections_max), options_.connections_max);
}

void RequestSlots::admit_waiting(Instant now) {
    while (!waiting_.empty() && has_slot(now)) {
        const auto [place, admit] = *waiting_.begin();
        waiting_.erase(waiting_.begin());
        ++in_flight_;
        (*admit)(place);
    }
}

}  // namespace speech
