#include "gateway/limit_metrics.hpp"

#include "call/metric_family.hpp"

namespace gateway {

using call::MetricFamily;

void render_limits(std::string& text, const Switchboard& switchboard) {
    MetricFamily(text, "mouthpiece_connections", "gauge", "Connections accepted and not yet closed.")
        .sample(switchboard.census.sockets());
    MetricFamily(text, "mouthpiece_connections_limit", "gauge", "How many of them there may be.")
        .sample(switchboard.options.sockets.sockets_max);
    MetricFamily reached(text, "mouthpiece_limits_reached_total", "counter",
                         "Times a limit was reached; docs/limits.md has them all.");
    for (std::size_t i = 0; i < limit_names.size(); ++i) {
        std::uint64_t count = 0;
        for (const auto& loop : switchboard.loops) count += loop->events.limits().of(static_cast<Limit>(i));
        reached.sample(count, {{"limit", limit_names[i]}});
    }
}

}  // namespace gateway
