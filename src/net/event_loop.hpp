#pragma once
// One thread's world: its sockets, its timers, work given to it by other threads, and memory that all its connections
// share. Everything a connection or call does happens here; other threads only post().

#include "limit.hpp"
#include "net/poller.hpp"
#include "net/reading_round.hpp"
#include "net/tick_wheel.hpp"
#include "net/waiting_room.hpp"
#include "net/work_queue.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace net {

class Resolver;

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void run();                // until stop()
    void stop();               // from any thread
    void turn(Instant until);  // waits for something to do, until then at most, and does it
    void settle();             // does what was posted, on the caller's thread: before what it refers to is destroyed
    void post(std::function<void()> work);  // from any thread; runs on the loop, in order

    Poller& poller() { return poller_; }
    TickWheel& timers() { return timers_; }
    ReadingRound& reading_round() { return reading_round_; }
    Resolver& resolver();

    Instant now() const { return Clock::now(); }

    LimitCounts& limits() { return limits_; }  // may be read from any thread
    WaitingRoom& waiting_room() { return waiting_room_; }

    // For one read at a time: its contents are gone when the caller returns. Readers may rely on `read_padding` bytes
    // behind it.
    std::span<char> read_buffer() { return std::span(read_buffer_).first(read_buffer_.size() - read_padding); }
    static constexpr std::size_t read_padding = 64;

    // Destroys `thing` after the current callback has returned: how an object ends itself.
    template <class T>
    void retire(std::unique_ptr<T> thing) {
        post([shared = std::shared_ptr<T>(std::move(thing))]() mutable { shared.reset(); });
    }

    // Owns `thing` until let_go(): for what outlives its maker by design, such as a connection that still sends its
    // farewell.
    void keep(std::shared_ptr<void> thing) {
        void* const key = thing.get();
        kept_.emplace(key, std::move(thing));
    }
    bool keeps_anything() const { return !kept_.empty(); }
    void let_go(void* thing) {
        if (auto node = kept_.extract(thing)) post([owner = std::move(node.mapped())]() mutable { owner.reset(); });
    }

private:
    LimitCounts limits_;
    WaitingRoom waiting_room_{limits_};
    Poller poller_;
    TickWheel timers_;
    ReadingRound reading_round_{timers_};
    WorkQueue work_{poller_};
    std::atomic<bool> stopped_ = false;
    std::vector<char> read_buffer_;
    std::unordered_map<void*, std::shared_ptr<void>> kept_;
    std::unique_ptr<Resolver> resolver_;  // made when first asked for
};

}  // namespace net
