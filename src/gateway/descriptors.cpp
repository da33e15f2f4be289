#include "gateway/descriptors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <sys/resource.h>
#include <utility>

namespace gateway {

namespace {

// A quarter of few, 1,024 of many.
std::size_t without_reserve(std::size_t count) {
    return count - std::min<std::size_t>(count / 4, 1'024);
}

}  // namespace

Options fitted_to_descriptors(Options options, std::size_t descriptors) {
    const std::size_t sockets_max = without_reserve(descriptors);
    std::size_t& sockets = options.sockets.sockets_max;
    sockets = sockets == 0 ? sockets_max : std::min(sockets, sockets_max);
    const std::size_t calls_max = without_reserve(sockets);
    if (options.calls_max > calls_max) {
        spdlog::warn("fewer calls than MAX_CALLS, there are too few descriptors wanted={} possible={} descriptors={}",
                     options.calls_max, calls_max, descriptors);
        options.calls_max = calls_max;
    }
    return options;
}

std::size_t descriptors_allowed() {
    rlimit allowed{};
    if (::getrlimit(RLIMIT_NOFILE, &allowed) != 0) return 1'024;
    return allowed.rlim_cur == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : allowed.rlim_cur;
}

}  // namespace gateway
