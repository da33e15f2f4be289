#include "load/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace bench {

void Histogram::add(std::int64_t ns) {
    const double us = std::max(static_cast<double>(ns) / 1e3, 1.0);
    const auto bucket = static_cast<std::size_t>(std::log2(us) * steps);
    ++buckets_[std::min(bucket, buckets_.size() - 1)];
    ++count_;
    longest_ns_ = std::max(longest_ns_, ns);
}

double Histogram::upper_us(std::size_t bucket) {
    return std::exp2(static_cast<double>(bucket + 1) / steps);
}

double Histogram::quantile_ms(double share) const {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (buckets_[bucket] != 0 && static_cast<double>(seen) >= wanted)
            return std::min(upper_us(bucket) / 1e3, static_cast<double>(longest_ns_) / 1e6);
    }
    return 0;
}

std::string Histogram::json() const {
    std::string out =
        fmt::format(R"({{"count":{},"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"p999":{:.4f},"max":{:.4f},"buckets":[)",
                    count_, quantile_ms(0.5), quantile_ms(0.9), quantile_ms(0.99), quantile_ms(0.999),
                    static_cast<double>(longest_ns_) / 1e6);
    const char* comma = "";
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        if (buckets_[bucket] == 0) continue;
        fmt::format_to(std::back_inserter(out), "{}[{:.4f},{}]", comma, upper_us(bucket) / 1e3, buckets_[bucket]);
        comma = ",";
    }
    return out + "]}";
}

}  // namespace bench
