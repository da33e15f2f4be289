#pragma once
// Every bound that somebody outside can run into, by the name it has in /metrics and in docs/limits.md, which says what
// each means, what is done when it is reached, and which option moves it.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

enum class Limit : std::size_t {
    sockets,
    sockets_per_address,
    descriptors,
    waiting_sockets,
    waiting_bytes,
    request_head,
    request_body,
    request_time,
    pipelined_requests,
    idle_time,
    send_queue,
    farewell,
    calls,
    loop_lag,
    calls_of_caller,
    calls_of_number,
    start_time,
    call_time,
    websocket_message,
    requests_of_address,
    refusals_of_address,
    syntheses,
    live_listeners,
    live_backlog,
    call_moments,
    orders_waiting,
    shared_speech,
};

inline constexpr std::array limit_names = {
    "sockets",
    "sockets_per_address",
    "descriptors",
    "waiting_sockets",
    "waiting_bytes",
    "request_head",
    "request_body",
    "request_time",
    "pipelined_requests",
    "idle_time",
    "send_queue",
    "farewell",
    "calls",
    "loop_lag",
    "calls_of_caller",
    "calls_of_number",
    "start_time",
    "call_time",
    "websocket_message",
    "requests_of_address",
    "refusals_of_address",
    "syntheses",
    "live_listeners",
    "live_backlog",
    "call_moments",
    "orders_waiting",
    "shared_speech",
};

// How often each was reached, counted by one thread and read by any.
class LimitCounts {
public:
    void reached(Limit limit) { counts_[static_cast<std::size_t>(limit)].fetch_add(1, std::memory_order_relaxed); }
    std::uint64_t of(Limit limit) const {
        return counts_[static_cast<std::size_t>(limit)].load(std::memory_order_relaxed);
    }

private:
    std::array<std::atomic<std::uint64_t>, limit_names.size()> counts_{};
};
