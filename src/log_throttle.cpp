#include "log_throttle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace {

// The words before the first field.
std::string_view event_of(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return line;
    const std::size_t field = line.rfind(' ', equals);
    return line.substr(0, field == std::string_view::npos ? 0 : field);
}

}  // namespace

void LogThrottle::log(const spdlog::details::log_msg& message) {
    if (message.level < spdlog::level::info) return behind_->log(message);
    const std::string_view event = event_of({message.payload.data(), message.payload.size()});
    const double per_second = message.level >= spdlog::level::warn ? warnings_per_second : lines_per_second;
    const auto left_out = admit(event, per_second, message.time);
    if (!left_out) return;
    if (*left_out > 0) {
        const std::string text = fmt::format("lines left out of={:?} count={}", event, *left_out);
        behind_->log({message.time, message.source, message.logger_name, message.level, text});
    }
    behind_->log(message);
}

std::optional<std::uint64_t> LogThrottle::admit(std::string_view event, double per_second,
                                                spdlog::log_clock::time_point now) {
    const double burst = per_second * burst_seconds;
    const std::scoped_lock lock(mutex_);
    auto found = buckets_.find(event);
    if (found == buckets_.end()) {
        const std::string_view name = buckets_.size() < events_max ? event : std::string_view{};
        found = buckets_.try_emplace(std::string(name), Bucket{burst, now}).first;
    }
    Bucket& bucket = found->second;
    // The lines' own clock may be set back; that takes nothing away.
    const std::chrono::duration<double> passed = std::max(now - bucket.filled, spdlog::log_clock::duration::zero());
    bucket.tokens = std::min(bucket.tokens + passed.count() * per_second, burst);
    bucket.filled = now;
    if (bucket.tokens < 1) {
        ++bucket.left_out;
        return std::nullopt;
    }
    bucket.tokens -= 1;
    return std::exchange(bucket.left_out, 0);
}
