#include "load/shift.hpp"

#include "load/webhook.hpp"
#include "wire/socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace bench {

namespace {

constexpr std::int64_t tick_ns = 1'000'000, farewell_ns = 5'000'000'000;

std::int64_t nanoseconds(double seconds) {
    return static_cast<std::int64_t>(seconds * 1e9);
}

}  // namespace

Shift::Shift(Loop& loop, const Plan& plan, const ServerWatch& server, const UpstreamPlan* upstream)
    : loop_(loop),
      plan_(plan),
      server_(server),
      upstream_(upstream),
      tls_(plan.tls ? client_tls() : nullptr),
      begun_ns_(now_ns()),
      last_ns_(begun_ns_) {
    if (plan_.ramp_seconds == 0) plan_.ramp_seconds = plan_.call_seconds;
    window_begins_ns_ = begun_ns_ + nanoseconds(plan_.ramp_seconds + 1);
    window_ends_ns_ = window_begins_ns_ + nanoseconds(plan_.window_seconds);
    before_ = read(last_ns_);
    loop_.plan(*this, last_ns_ + tick_ns);
}

Shift::Reading Shift::read(std::int64_t now) const {
    return {.at_ns = now,
            .server_cpu = server_.cpu_seconds(),
            .own_cpu = own_cpu_seconds(),
            .call_seconds = call_seconds_,
            .server_kb = server_.resident_kb(),
            .tally = tally_};
}

void Shift::on_due(std::int64_t now) {
    call_seconds_ += active_ * static_cast<double>(now - last_ns_) / 1e9;
    last_ns_ = now;
    if (now < window_ends_ns_) {
        while (next_call_ns() <= now) place_call();
    }
    if (begin_.at_ns == 0 && now >= window_begins_ns_) {
        begin_ = read(now);
        std::fputs("measuring\n", stderr);
    }
    if (end_.at_ns == 0 && now >= window_ends_ns_) {
        end_ = read(now);
        tally_.over = true;
    }
    if (end_.at_ns != 0 && (active_ == 0 || now > window_ends_ns_ + farewell_ns)) {
        loop_.stop();
    } else {
        loop_.plan(*this, due_ns + tick_ns);
    }
}

// The first come during the ramp; as each of them ends, another takes its place.
std::int64_t Shift::next_call_ns() const {
    const auto number = static_cast<double>(placed_), calls = static_cast<double>(plan_.calls);
    const double seconds = number < calls ? number / calls * plan_.ramp_seconds : number / calls * plan_.call_seconds;
    return begun_ns_ + nanoseconds(seconds);
}

void Shift::place_call() {
    const std::string call_sid = fmt::format("CA{:016x}{:016x}", static_cast<std::uint64_t>(before_.at_ns), placed_++);
    if (plan_.webhook_path.empty()) {
        pick_up(call_sid, "");
        return;
    }
    // The loop discards it.
    new WebhookRequest(
        loop_, plan_, tls_, call_sid, tally_,
        [this, call_sid](const std::optional<std::string>& parameters) { pick_up(call_sid, parameters); });
}

void Shift::pick_up(const std::string& call_sid, const std::optional<std::string>& parameters) {
    if (parameters) {
        new TwilioCall({loop_, plan_, tally_, tls_, active_}, call_sid, *parameters);  // the loop discards it
    } else {
        ++tally_.refused;
    }
}

std::string Shift::report() const {
    // Never zero, also when no call came about: the report stays JSON.
    const double minutes = std::max((end_.call_seconds - begin_.call_seconds) / 60, 1e-9);
    const double wall = static_cast<double>(end_.at_ns - begin_.at_ns) / 1e9;
    const double cpu = end_.server_cpu - begin_.server_cpu;
    std::string out = fmt::format(
        R"({{"calls":{},"tls":{},"call_seconds":{},"window_seconds":{:.3f},"active":{:.1f},)"
        R"("placed":{},"finished":{},"refused":{},"lost":{},"too_short":{},"silent":{},)"
        R"("underruns":{},"calls_with_underruns":{},"longest_underrun_ms":{:.3f},)"
        R"("frames_sent":{},"media_received":{},"marks_received":{},"audio_seconds":{:.1f},"sends_blocked":{},)",
        plan_.calls, plan_.tls, plan_.call_seconds, wall, minutes * 60 / wall, tally_.placed, tally_.finished,
        tally_.refused, tally_.lost, tally_.too_short, tally_.silent, tally_.gaps, tally_.calls_with_gaps,
        static_cast<double>(tally_.longest_gap_ns) / 1e6, tally_.frames_sent, tally_.media_received,
        tally_.marks_received, static_cast<double>(tally_.audio_bytes) / 8000, tally_.sends_blocked);
    out += fmt::format(
        R"("server_cpu_share":{:.4f},"server_cpu_seconds_per_call_minute":{:.6f},"server_cpu_us_per_caller_frame":{:.3f},)"
        R"("server_kb_before":{},"server_kb":{},"load_cpu_share":{:.4f},)",
        cpu / wall, cpu / minutes,
        cpu * 1e6 / static_cast<double>(std::max<std::uint64_t>(end_.tally.frames_sent - begin_.tally.frames_sent, 1)),
        before_.server_kb, end_.server_kb, (end_.own_cpu - begin_.own_cpu) / wall);
    return out +
           fmt::format(
               R"("upstream_asked":{},"webhook_ms":{},"first_media_ms":{},"latency_ms":{},"send_lateness_ms":{}}})",
               upstream_ != nullptr ? upstream_->asked : 0, tally_.webhook.json(), tally_.first_media.json(),
               tally_.latency.json(), tally_.send_lateness.json());
}

}  // namespace bench
