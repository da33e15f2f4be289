#pragma once
// What happens on the calls, as it happens, for the console and whoever else looks on: GET /live, server-sent events.
//
//   event: hello     what server this is; everything told before is void
//   event: calls     {"at": …, "calls": […]}: rows that are new or have changed, each whole
//   event: levels    {"rms_dbfs": {CallSid: …}}: how loud callers are, where that has changed; with CALLER_AUDIO=level
//   event: figures   how many calls there are, how they ended, what failed, how many recordings there are
//
// While nobody listens, a change costs one look at a number. While somebody does, the names of the calls that changed
// are collected, and every `interval` the first loop asks the loops on which they live how these stand, and sends all
// listeners the same text. A listener that does not keep up is cut off; it comes back and is told anew.

#include "gateway/call_register.hpp"
#include "gateway/live_levels.hpp"
#include "net/event_loop.hpp"
#include "net/http_server.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace gateway {

struct Switchboard;
class LoopMailbox;
class LoopServices;

class LiveFeed {
public:
    struct Options {
        std::size_t listeners_max = 16;
        std::chrono::milliseconds interval{250}, levels_interval{500};
        std::chrono::milliseconds silence_max{10'000};  // then a comment shows that the line is open
        std::size_t calls_max = 500;                    // told to who begins to listen: those that run, then the latest
        std::size_t rows_per_event_max = 50;
        std::size_t changed_max = 20'000;            // calls with news, between two intervals
        std::size_t backlog_bytes_max = 512 * 1024;  // sent to a listener and not taken
    };
    LiveFeed(Switchboard& switchboard, Options options);  // when the loops are there
    ~LiveFeed();

    std::size_t listeners() const { return count_.load(std::memory_order_relaxed); }

    // From any loop: there is news of this call.
    void changed(const std::string& call_sid);
    // GET /live, on the loop that was asked.
    void listen(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);
    // From any loop: the server ends.
    void end();

private:
    class Listener;
    class Gathering;
    // Touched on its own loop only; elsewhere one knows its way there.
    struct Seat {
        const Listener* who = nullptr;
        std::weak_ptr<Listener> listener;
        std::shared_ptr<LoopMailbox> mailbox;
    };
    using Audience = std::vector<Seat>;

    void leave(const Listener& listener);
    Audience audience() const;

    // On the first loop.
    void begin(Seat newcomer);
    void tick();
    void gather(std::vector<CallRecord> calls, Audience audience);
    void gathered(const Gathering& gathering);
    void tell_levels();
    void send(const Audience& to, std::string text);
    std::vector<CallRecord> calls_now() const;
    std::string figures() const;

    Switchboard& switchboard_;
    const Options options_;
    std::atomic<std::size_t> count_{0};

    mutable std::mutex mutex_;  // over these two
    Audience listeners_;
    std::unordered_set<std::string> changed_;

    // On the first loop only.
    net::Timer tick_;
    std::vector<std::shared_ptr<Gathering>> gatherings_;
    std::string figures_told_;
    net::Instant told_at_{}, levels_asked_at_{};
    LiveLevels levels_{{}};
    const std::shared_ptr<int> here_ = std::make_shared<int>();  // gone when this is: work under way looks first
};

}  // namespace gateway
