#include "gateway/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace gateway {

std::optional<std::chrono::milliseconds> RateLimit::take(std::string_view name, net::Instant now) {
    if (options_.per_second <= 0) return std::nullopt;
    const std::scoped_lock lock(mutex_);
    Bucket& bucket = bucket_of(name, now);
    const std::chrono::duration<double> passed = now - bucket.filled;
    if (passed.count() > 0) {  // another loop may have looked at the clock a moment later
        bucket.tokens = std::min(options_.burst, bucket.tokens + passed.count() * options_.per_second);
        bucket.filled = now;
    }
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return std::nullopt;
    }
    return std::chrono::milliseconds(std::llround(std::ceil((1 - bucket.tokens) / options_.per_second * 1e3)));
}

RateLimit::Bucket& RateLimit::bucket_of(std::string_view name, net::Instant now) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
        buckets_.splice(buckets_.begin(), buckets_, found->second);
        return buckets_.front();
    }
    if (buckets_.size() >= options_.names_max) {
        by_name_.erase(buckets_.back().name);
        buckets_.pop_back();
    }
    buckets_.push_front({std::string(name), options_.burst, now});
    by_name_.emplace(buckets_.front().name, buckets_.begin());
    return buckets_.front();
}

std::size_t RateLimit::names() const {
    const std::scoped_lock lock(mutex_);
    return buckets_.size();
}

}  // namespace gateway
