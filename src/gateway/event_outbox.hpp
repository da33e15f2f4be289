#pragma once
// Tells the operator's own server what happens on calls, as signed webhooks. Whoever has news hands it in and goes on;
// a batch at a time is posted in order, and tried again with growing pauses. When the receiver cannot keep up, news is
// dropped and counted, never a call held up.
//
//   POST EVENTS_URL
//   X-Mouthpiece-Timestamp: 1767225600
//   X-Mouthpiece-Signature: v1=<hex of HMAC-SHA256(EVENTS_SECRET, timestamp + "." + body)>
//   {"events":[{"id":"3f…-17","type":"speech.heard","at":"2026-01-01T00:00:00.000Z","call_sid":"CA…","utterance":2,…},…]}
//
// An event may come twice (its id tells): the receiver's answer may get lost. Nothing is posted into our own network
// unless that is allowed; the address is checked when the connection is made, so no name can lead there.

#include "gateway/fetches.hpp"
#include "net/event_loop.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// Of EVENTS_SECRET, the time in seconds and the body: what the receiver computes as well.
std::string event_signature(const Secret& secret, std::int64_t timestamp, std::string_view body);

class EventOutbox {
public:
    struct Options {
        std::string url{};  // empty: nobody wants to know
        Secret secret{};
        bool private_addresses = false;
        std::size_t events_max = 10'000;  // waiting
        std::size_t batch_max = 100;
        unsigned attempts_max = 8;
        std::chrono::milliseconds pause_first{500}, pause_max{60'000};
    };
    // Delivered, dropped (no room, or too many attempts) or refused (a 4xx) so many.
    using Counted = std::function<void(std::string_view result, std::size_t events)>;
    // `loop` does the posting.
    EventOutbox(net::EventLoop& loop, Options options, Counted counted);
    ~EventOutbox();

    bool wanted() const { return !options_.url.empty(); }
    // From any loop. `event` is the text of a JSON object.
    void publish(std::string event);
    bool idle() const;

private:
    void wake();
    void post_batch();
    void on_answer(const std::expected<Fetched, net::TransportError>& answer);
    void batch_over(std::string_view result);
    std::chrono::milliseconds next_pause();

    net::EventLoop& loop_;
    const Options options_;
    const Counted counted_;

    mutable std::mutex mutex_;  // over these two
    std::deque<std::string> waiting_;
    bool at_work_ = false;  // a wake-up is posted, or a batch is under way

    // On the loop only.
    std::vector<std::string> batch_;
    std::string body_;
    unsigned attempts_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    net::Timer again_;
    Fetches fetches_;
};

}  // namespace gateway
