#include "gateway/store_record.hpp"

#include "call/metric_family.hpp"

#include <spdlog/spdlog.h>

#include <cstdint>

namespace gateway {

namespace {

const char* result_name(const net::RedisResult& result) {
    using enum net::RedisFailure::Kind;
    if (result) return "ok";
    switch (result.error().kind) {
        case absent:
            return "absent";
        case crowded:
            return "crowded";
        case late:
            return "late";
        case lost:
            return "lost";
        case refused:
            break;
    }
    return "refused";
}

}  // namespace

void StoreRecord::connection_ready() {
    const std::lock_guard lock(mutex_);
    if (++ready_ < connections_ || told_ == Told::used) return;
    told_ = Told::used;
    spdlog::info("Redis is used connections={}", connections_);
}

void StoreRecord::connection_lost(bool was_ready, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (was_ready) --ready_;
    if (told_ == Told::lost) return;
    told_ = Told::lost;
    spdlog::warn("Redis is not reached reason={:?}", reason);
}

void StoreRecord::answered(StoreUse use, const net::RedisResult& result, std::chrono::microseconds took) {
    const auto index = static_cast<std::size_t>(use);
    uses_[index].results.add(result_name(result));
    if (result) uses_[index].seconds.observe(took);
    const std::lock_guard lock(mutex_);
    count(uses_[index], store_use_names[index], result);
}

// Without a connection nothing is wrong with the use.
void StoreRecord::count(Use& use, const char* name, const net::RedisResult& result) {
    using enum net::RedisFailure::Kind;
    if (result) {
        if (use.failures >= failures_told) spdlog::info("Redis serves again use={}", name);
        use.failures = 0;
    } else if (result.error().kind != absent && result.error().kind != lost) {
        if (++use.failures == failures_told)
            spdlog::warn("Redis fails use={} reason={:?}", name, result.error().reason);
    }
}

std::string StoreRecord::render() const {
    using call::MetricFamily;
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        MetricFamily(text, "mouthpiece_redis_connections", "gauge", "Event loops that are connected to Redis.")
            .sample(std::uint64_t{ready_});
    }
    MetricFamily operations(text, "mouthpiece_redis_operations_total", "counter",
                            "Commands to Redis, by what for and what became of them.");
    for (std::size_t i = 0; i < uses_.size(); ++i) {
        for (const auto& [result, count_of_them] : uses_[i].results.snapshot())
            operations.sample(count_of_them, {{"use", store_use_names[i]}, {"result", result}});
    }
    MetricFamily seconds(text, "mouthpiece_redis_seconds", "histogram", "From a command to Redis to its answer.");
    for (std::size_t i = 0; i < uses_.size(); ++i) seconds.samples(uses_[i].seconds, "use", store_use_names[i]);
    return text;
}

}  // namespace gateway
