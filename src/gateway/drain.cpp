#include "gateway/drain.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace gateway {

namespace {

using namespace std::chrono_literals;

constexpr auto check_interval = 100ms;
constexpr auto report_interval = 5s;
constexpr auto twilio_grace = 10s;  // a call that was answered opens its stream, and one that ended is asked about
constexpr auto last_words = 5s;     // for the operator's server to hear of the last call's end
constexpr auto farewell = 1s;       // for what is on its way to peers when the last call is over

}  // namespace

Drain::Drain(Switchboard& switchboard, const Servers& servers, std::function<void()> done)
    : switchboard_(switchboard),
      servers_(servers),
      done_(std::move(done)),
      loop_(switchboard.loops.front()->events),
      next_(loop_.timers(), [this] { saying_farewell_ ? ask_whether_quiet() : check(); }) {}

void Drain::signal() {
    if (!switchboard_.draining.exchange(true)) return begin();
    spdlog::warn("second signal, ending all calls calls={}", switchboard_.directory.stream_count());
    end_calls();
}

std::size_t Drain::calls() const {
    const CallDirectory& directory = switchboard_.directory;
    const auto since = loop_.now() - twilio_grace;
    return directory.stream_count() + directory.announced_since(since) + directory.unasked_since(since);
}

void Drain::begin() {
    spdlog::info("draining calls={} at_most_s={}", calls(),
                 std::chrono::duration_cast<std::chrono::seconds>(switchboard_.options.drain_max).count());
    ends_ = loop_.now() + switchboard_.options.drain_max;
    next_report_ = loop_.now() + report_interval;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        switchboard_.loops[i]->events.post([&server = *servers_[i]] { server.stop_keeping_alive(); });
    }
    check();
}

void Drain::check() {
    const auto now = loop_.now();
    const std::size_t left = calls();
    if (left > 0) {
        quiet_since_.reset();
    } else if (!quiet_since_) {
        quiet_since_ = now;
    }
    const bool all_told = quiet_since_ && (switchboard_.outbox->idle() || now >= *quiet_since_ + last_words);
    if (all_told || (ending_ && now >= ends_)) return say_farewell();
    if (!ending_ && now >= ends_) {
        spdlog::warn("the time to drain is over, ending all calls calls={}", left);
        end_calls();
    }
    if (now >= next_report_) {
        next_report_ = now + report_interval;
        spdlog::info("still draining calls={}", left);
    }
    next_.arm(now + check_interval);
}

void Drain::end_calls() {
    if (std::exchange(ending_, true)) return;
    ends_ = loop_.now() + farewell;
    for (auto& loop : switchboard_.loops) loop->events.post([&services = *loop] { services.end_all_streams(); });
}

void Drain::say_farewell() {
    saying_farewell_ = true;
    ends_ = loop_.now() + farewell;
    switchboard_.live->end();
    if (switchboard_.shared_register) switchboard_.shared_register->leave();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        switchboard_.loops[i]->events.post([&server = *servers_[i]] {
            server.stop_accepting();
            server.close_idle_sessions();
        });
    }
    ask_whether_quiet();
}

void Drain::ask_whether_quiet() {
    if (loop_.now() >= ends_) return finish();
    answers_ = quiet_ = 0;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        net::EventLoop& asked = switchboard_.loops[i]->events;
        asked.post([this, &asked, &server = *servers_[i]] {
            const bool quiet = server.session_count() == 0 && !asked.keeps_anything();
            loop_.post([this, quiet] { hear(quiet); });
        });
    }
}

void Drain::hear(bool quiet) {
    quiet_ += quiet ? 1 : 0;
    if (++answers_ < servers_.size()) return;
    if (quiet_ == answers_) return finish();
    next_.arm(loop_.now() + check_interval);
}

void Drain::finish() {
    next_.disarm();
    spdlog::info("drained");
    if (done_) std::exchange(done_, nullptr)();
}

}  // namespace gateway
