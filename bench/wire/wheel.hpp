#pragma once
// Timers of a bare event loop: slots of 131 us, an intrusive list in each, no allocation. Due times come from a plan,
// so lateness does not add up.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace bench {

template <class Item>
struct WheelEntry {
    Item* next_in_slot = nullptr;
    std::int64_t due_ns = 0;

private:
    friend Item;
    WheelEntry() = default;
};

// Items derive from WheelEntry<Item>, are in the wheel at most once, and outlive their stay in it. Nothing may be due
// later than half a second from now.
template <class Item>
class Wheel {
public:
    explicit Wheel(std::int64_t now_ns) : next_tick_(now_ns >> shift) {}

    void add(Item& item, std::int64_t due_ns) {
        item.due_ns = due_ns;
        const std::int64_t tick = std::clamp(due_ns >> shift, next_tick_, next_tick_ + size - 1);
        Item*& slot = slots_[static_cast<std::size_t>(tick % size)];
        item.next_in_slot = slot;
        slot = &item;
        ++count_;
    }

    // Calls due(item) for everything due; it may add the item again.
    template <class Due>
    void run(std::int64_t now_ns, Due due) {
        for (const std::int64_t now = now_ns >> shift; next_tick_ <= now;) {
            Item* item = std::exchange(slots_[static_cast<std::size_t>(next_tick_++ % size)], nullptr);
            while (item != nullptr) {
                Item& current = *item;
                item = current.next_in_slot;
                --count_;
                due(current);
            }
        }
    }

    // When to wake up at the latest; -1: never.
    std::int64_t next_ns() const {
        if (count_ == 0) return -1;
        std::int64_t tick = next_tick_;
        while (slots_[static_cast<std::size_t>(tick % size)] == nullptr) ++tick;
        return tick << shift;
    }

private:
    static constexpr int shift = 17;
    static constexpr std::int64_t size = 4096;

    std::array<Item*, size> slots_{};
    std::int64_t next_tick_;
    std::size_t count_ = 0;
};

}  // namespace bench
