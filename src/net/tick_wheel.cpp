#include "net/tick_wheel.hpp"

#include "net/mishap.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace net {

Timer::Timer(TickWheel& wheel, std::function<void()> callback) : wheel_(wheel), callback_(std::move(callback)) {}

Timer::~Timer() {
    disarm();
    if (gone_ != nullptr) *gone_ = true;
}

void Timer::arm(Instant when) {
    disarm();
    when_ = when;
    wheel_.insert(*this);
}

void Timer::disarm() {
    if (previous_link_ != nullptr) wheel_.remove(*this);
}

void Timer::fire() {
    bool gone = false;
    gone_ = &gone;
    auto callback = std::move(callback_);
    guarded("timer", callback);
    if (gone) return;
    callback_ = std::move(callback);
    gone_ = nullptr;
}

std::uint64_t TickWheel::tick_of(Instant when) const {
    if (when <= start_) return 0;
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(when - start_).count());
}

void TickWheel::insert(Timer& timer) {
    const std::uint64_t due = std::max(tick_of(timer.when_), current_ + 1);
    timer.slot_ = due % slot_count;
    Timer*& head = slots_[timer.slot_];
    timer.next_ = head;
    timer.previous_link_ = &head;
    if (head != nullptr) head->previous_link_ = &timer.next_;
    head = &timer;
    occupied_[timer.slot_ / 64] |= std::uint64_t{1} << (timer.slot_ % 64);
    ++armed_;
}

void TickWheel::remove(Timer& timer) {
    *timer.previous_link_ = timer.next_;
    if (timer.next_ != nullptr) timer.next_->previous_link_ = timer.previous_link_;
    timer.next_ = nullptr;
    timer.previous_link_ = nullptr;
    --armed_;
    if (slots_[timer.slot_] == nullptr) occupied_[timer.slot_ / 64] &= ~(std::uint64_t{1} << (timer.slot_ % 64));
}

void TickWheel::advance(Instant now) {
    // Rounded down: a tick has passed when all of it has.
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(now - start_).count();
    const auto target = static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
    // After a long pause one turn of the wheel visits every slot.
    if (target > current_ + slot_count) current_ = target - slot_count;
    while (current_ < target) {
        ++current_;
        if (slots_[current_ % slot_count] != nullptr) expire_slot(current_ % slot_count, now);
    }
}

void TickWheel::expire_slot(std::size_t slot, Instant now) {
    // The due ones move to a list of their own first: what their callbacks arm must wait for a later tick, and what
    // their callbacks destroy unlinks itself from wherever it is.
    Timer* due = nullptr;
    for (Timer* timer = slots_[slot]; timer != nullptr;) {
        Timer* const next = timer->next_;
        if (timer->when_ <= now) {
            remove(*timer);
            timer->next_ = due;
            timer->previous_link_ = &due;
            if (due != nullptr) due->previous_link_ = &timer->next_;
            due = timer;
            ++armed_;  // until it fires
        }
        timer = next;
    }
    while (due != nullptr) {
        Timer& timer = *due;
        remove(timer);
        timer.fire();
    }
}

std::optional<Instant> TickWheel::next_wake() const {
    if (armed_ == 0) return std::nullopt;
    const std::size_t first = (current_ + 1) % slot_count;
    for (std::size_t step = 0; step <= occupied_.size(); ++step) {
        const std::size_t word = (first / 64 + step) % occupied_.size();
        std::uint64_t bits = occupied_[word];
        if (step == 0) bits &= ~std::uint64_t{0} << (first % 64);
        if (step == occupied_.size()) bits &= ~(~std::uint64_t{0} << (first % 64));
        if (bits == 0) continue;
        const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        const std::uint64_t ticks_ahead = (slot + slot_count - first) % slot_count;
        return start_ + (current_ + 1 + ticks_ahead) * tick;
    }
    return std::nullopt;
}

}  // namespace net
