#pragma once
// Asks every loop for what only it may look at, and hands the answers over together on the loop that wanted them.

#include "gateway/loop_services.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace gateway {

template <class Figures>
class Gathering {
public:
    // `look` (Figures of a LoopServices) is called on every loop, `done` (with all that it gave, loop by loop) on
    // `home`; not at all when the server ends before.
    template <class Look, class Done>
    static void begin(LoopServices& home, Look look, Done done) {
        const auto gathering = std::make_shared<Gathering>(home, std::move(done));
        home.events.keep(gathering);
        for (const auto& loop : home.switchboard.loops) {
            loop->events.post([&asked = *loop, &home, look, asker = std::weak_ptr(gathering)] {
                if (asker.expired()) return;  // loops are taken down one by one, and that one may be gone
                home.events.post([asker, index = asked.index, figures = look(asked)]() mutable {
                    if (const auto waiting = asker.lock()) waiting->add(index, std::move(figures));
                });
            });
        }
    }

    Gathering(LoopServices& home, std::function<void(std::vector<Figures>)> done)
        : home_(home), done_(std::move(done)), told_(home.switchboard.loops.size()), missing_(told_.size()) {}

private:
    void add(std::size_t index, Figures figures) {
        told_[index] = std::move(figures);
        if (--missing_ > 0) return;
        done_(std::move(told_));
        home_.events.let_go(this);
    }

    LoopServices& home_;
    std::function<void(std::vector<Figures>)> done_;
    std::vector<Figures> told_;
    std::size_t missing_;
};

}  // namespace gateway
