#include "net/waiting_room.hpp"

#include <utility>

namespace net {

WaitingRoom::Guest::Guest(WaitingRoom& room, std::function<void()> on_shown_out)
    : room_(&room), on_shown_out_(std::move(on_shown_out)) {}

void WaitingRoom::Guest::enter() {
    leave();
    while (room_->guests_ >= room_->bounds_.guests_max && room_->show_out_longest()) {
        room_->counts_.reached(Limit::waiting_sockets);
    }
    previous_ = room_->ends_.previous_;
    next_ = &room_->ends_;
    previous_->next_ = next_->previous_ = this;
    ++room_->guests_;
}

void WaitingRoom::Guest::leave() {
    if (!waiting()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
    --room_->guests_;
    room_->bytes_ -= std::exchange(bytes_, 0);
}

void WaitingRoom::Guest::hold(std::size_t bytes) {
    if (!waiting()) return;
    WaitingRoom& room = *room_;
    room.bytes_ += bytes - bytes_;
    bytes_ = bytes;
    while (room.bytes_ > room.bounds_.bytes_max && room.show_out_longest()) room.counts_.reached(Limit::waiting_bytes);
}

WaitingRoom::WaitingRoom(LimitCounts& counts) : counts_(counts), ends_(*this, nullptr) {
    ends_.previous_ = ends_.next_ = &ends_;
}

bool WaitingRoom::show_out_longest() {
    Guest& longest = *ends_.next_;
    if (&longest == &ends_) return false;
    longest.leave();
    const auto go = std::move(longest.on_shown_out_);  // outlives the guest
    go();
    return true;
}

}  // namespace net
