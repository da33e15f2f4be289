#include "net/reading_round.hpp"

#include <algorithm>

namespace net {

ReadingRound::ReadingRound(TickWheel& wheel) : timer_(wheel, [this] { take_step(); }) {}

void ReadingRound::join(Member& member, Instant now) {
    const auto emptiest = std::ranges::min_element(members_, {}, &std::vector<Member*>::size);
    member.step_ = static_cast<std::size_t>(emptiest - members_.begin());
    member.place_ = emptiest->size();
    emptiest->push_back(&member);
    if (++member_count_ == 1) timer_.arm(now + step);
}

void ReadingRound::leave(Member& member) {
    auto& members = members_[member.step_];
    members.back()->place_ = member.place_;
    members[member.place_] = members.back();
    members.pop_back();
    if (--member_count_ == 0) timer_.disarm();
}

// Backwards: who leaves is replaced by one that has been read already.
void ReadingRound::take_step() {
    auto& members = members_[current_];
    current_ = (current_ + 1) % steps;
    for (std::size_t i = members.size(); i-- > 0;) {
        if (i < members.size()) members[i]->read_in_round();
    }
    // What a stall has held up is made up for, but not more than a round of it.
    if (member_count_ > 0) timer_.arm(std::max(timer_.when() + step, Clock::now() - length));
}

}  // namespace net
