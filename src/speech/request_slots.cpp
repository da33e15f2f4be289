#include "speech/request_slots.hpp"

#include <algorithm>

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
    others_ = current > ours ? current - ours : 0;
    others_until_ = now + options_.others_believed;
    admit_waiting(now);
}

RequestSlots::Figures RequestSlots::figures(Instant now) const {
    const std::lock_guard lock(mutex_);
    return {.in_flight = in_flight_, .waiting = waiting_.size(), .limit = limit(now)};
}

// At least one, so that whoever waits is always behind somebody who will give back.
std::size_t RequestSlots::limit(Instant now) const {
    if (seen_max_ == 0) return options_.requests_max;
    const std::size_t others = now < others_until_ ? others_ : 0;
    const std::size_t left = seen_max_ > others ? seen_max_ - others : 1;
    return options_.requests_max == 0 ? left : std::min(left, options_.requests_max);
}

bool RequestSlots::has_slot(Instant now) const {
    const std::size_t plan = limit(now);
    return in_flight_ < options_.connections_max && (plan == 0 || in_flight_ < plan);
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
