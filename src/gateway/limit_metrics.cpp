#include "gateway/limit_metrics.hpp"

#include "call/metric_family.hpp"
#include "net/mishap.hpp"

#include <algorithm>

namespace gateway {

using call::MetricFamily;

namespace {

// What an autoscaler looks at: the loop that is worst off tells.
void render_saturation(std::string& text, const Switchboard& switchboard) {
    net::LoopLag::Figures worst;
    for (const auto& loop : switchboard.loops) {
        const auto figures = loop->lag.figures();
        worst.p50 = std::max(worst.p50, figures.p50);
        worst.p95 = std::max(worst.p95, figures.p95);
        worst.max = std::max(worst.max, figures.max);
    }
    MetricFamily(text, "mouthpiece_calls_announced", "gauge", "Calls answered whose stream has not come yet.")
        .sample(std::uint64_t{switchboard.directory.awaited_streams(net::Clock::now())});
    MetricFamily lag(text, "mouthpiece_loop_lag_seconds", "gauge",
                     "How late the event loop that is worst off was in the last seconds.");
    lag.sample(worst.p50, {{"percentile", "50"}});
    lag.sample(worst.p95, {{"percentile", "95"}});
    lag.sample(worst.max, {{"percentile", "100"}});
}

}  // namespace

void render_limits(std::string& text, const Switchboard& switchboard) {
    MetricFamily(text, "mouthpiece_connections", "gauge", "Connections accepted and not yet closed.")
        .sample(switchboard.census.sockets());
    MetricFamily(text, "mouthpiece_connections_limit", "gauge", "How many of them there may be.")
        .sample(switchboard.options.sockets.sockets_max);
    MetricFamily(text, "mouthpiece_live_listeners", "gauge", "Consoles and others who listen to GET /live.")
        .sample(std::uint64_t{switchboard.live->listeners()});
    render_saturation(text, switchboard);
    MetricFamily(text, "mouthpiece_callbacks_failed_total", "counter",
                 "Exceptions that ended one connection, timer or piece of work, and nothing else.")
        .sample(net::mishaps());
    MetricFamily reached(text, "mouthpiece_limits_reached_total", "counter",
                         "Times a limit was reached; docs/limits.md has them all.");
    for (std::size_t i = 0; i < limit_names.size(); ++i) {
        std::uint64_t count = 0;
        for (const auto& loop : switchboard.loops) count += loop->events.limits().of(static_cast<Limit>(i));
        reached.sample(count, {{"limit", limit_names[i]}});
    }
}

}  // namespace gateway
