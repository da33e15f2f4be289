#pragma once
// Connections that have yet to show what they came for: an incomplete request, an idle connection, a WebSocket without
// its first message, a farewell. They are bounded in number and in the memory they hold, and whoever comes when the
// room is full makes the one that has waited longest go. So a flood of connections that never finish pushes itself out,
// while one that gets on with it is through long before its turn comes.

#include "limit.hpp"

#include <cstddef>
#include <functional>
#include <limits>

namespace net {

class WaitingRoom {
public:
    struct Bounds {
        std::size_t guests_max = std::numeric_limits<std::size_t>::max();
        std::size_t bytes_max = std::numeric_limits<std::size_t>::max();
    };

    class Guest {
    public:
        // `on_shown_out` ends the connection at once. It may destroy the guest.
        Guest(WaitingRoom& room, std::function<void()> on_shown_out);
        ~Guest() { leave(); }
        Guest(const Guest&) = delete;
        Guest& operator=(const Guest&) = delete;

        void enter();  // as the last in the queue; may show another out
        void leave();
        void hold(std::size_t bytes);  // keeps so much memory while it waits; may show anybody out, this one included
        bool waiting() const { return previous_ != nullptr; }

    private:
        friend class WaitingRoom;
        WaitingRoom* room_ = nullptr;
        std::function<void()> on_shown_out_;
        Guest* previous_ = nullptr;
        Guest* next_ = nullptr;
        std::size_t bytes_ = 0;
    };

    explicit WaitingRoom(LimitCounts& counts);

    void set_bounds(Bounds bounds) { bounds_ = bounds; }
    // Makes the one go that has waited longest. False when nobody waits.
    bool show_out_longest();

    std::size_t guests() const { return guests_; }
    std::size_t bytes() const { return bytes_; }

private:
    LimitCounts& counts_;
    Bounds bounds_;
    Guest ends_;  // of the ring: next_ has waited longest
    std::size_t guests_ = 0, bytes_ = 0;
};

}  // namespace net
