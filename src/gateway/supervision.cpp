#include "gateway/supervision.hpp"

#include <fmt/format.h>

#include <utility>

namespace gateway {

namespace {

using namespace std::chrono_literals;

constexpr auto unwatched_interval = 10s;
// Asked often enough that a loop may be busy for half the time allowed.
constexpr int looks_per_watchdog = 4;
constexpr auto stop_margin = 30s;  // from the end of the drain to the end of the program

}  // namespace

Supervision::Supervision(std::vector<net::EventLoop*> loops, Options options, Status status)
    : loops_(std::move(loops)),
      options_(std::move(options)),
      status_(std::move(status)),
      manager_(options_.notify_socket),
      answers_(std::make_shared<std::atomic<std::size_t>>(loops_.size())),
      next_look_(loops_.front()->timers(), [this] { look(); }) {}

void Supervision::ready() {
    if (manager_.tell(fmt::format("READY=1\nSTATUS={}", status_()))) look();
}

void Supervision::stopping(std::chrono::seconds at_most) {
    const std::chrono::microseconds needed = at_most + stop_margin;
    manager_.tell(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS={}", needed.count(), status_()));
}

void Supervision::look() {
    const bool watched = options_.watchdog > 0us;
    if (*answers_ == loops_.size()) {
        manager_.tell(fmt::format("{}STATUS={}", watched ? "WATCHDOG=1\n" : "", status_()));
        answers_ = std::make_shared<std::atomic<std::size_t>>(0);
        for (net::EventLoop* loop : loops_) loop->post([answers = answers_] { ++*answers; });
    }
    const auto interval = watched ? options_.watchdog / looks_per_watchdog : unwatched_interval;
    next_look_.arm(loops_.front()->now() + interval);
}

}  // namespace gateway
