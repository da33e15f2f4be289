#pragma once
// Token buckets by name: an address, a telephone number. Each name may do `burst` things at once and then `per_second`
// more of them each second. The table is bounded; the name that was seen longest ago is forgotten first, which at worst
// lets somebody begin afresh. Shared by all loops, asked once a request or call; a mutex guards it. No clock: time is
// an argument.

#include "net/tick_wheel.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

class RateLimit {
public:
    struct Options {
        double per_second = 0;  // 0: no limit
        double burst = 1;
        std::size_t names_max = 16'384;
    };
    explicit RateLimit(Options options) : options_(options) {}

    // nullopt: go ahead, and it is counted. Else how long until it would be allowed; nothing is counted then.
    std::optional<std::chrono::milliseconds> take(std::string_view name, net::Instant now);

    std::size_t names() const;

private:
    struct Bucket {
        std::string name;
        double tokens;
        net::Instant filled;
    };
    Bucket& bucket_of(std::string_view name, net::Instant now);

    const Options options_;
    mutable std::mutex mutex_;
    std::list<Bucket> buckets_;  // the one used last in front
    // Ordered: nobody can choose names that make it slow. The keys are the buckets' own names.
    std::map<std::string_view, std::list<Bucket>::iterator> by_name_;
};

}  // namespace gateway
