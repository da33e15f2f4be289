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

// Any call may be recorded, and then holds a file beside its connection: so many calls fit, with the connections of
// those who are not in a call yet.
std::size_t recordings_within(std::size_t descriptors, std::size_t calls_max) {
    return std::min(calls_max, without_reserve(descriptors) / 2);
}

}  // namespace

Options fitted_to_descriptors(Options options, std::size_t descriptors) {
    const std::size_t usable = without_reserve(descriptors);
    const std::size_t files = options.recordings_directory.empty() ? 0 : recordings_within(usable, options.calls_max);
    const std::size_t sockets_max = usable - files;
    std::size_t& sockets = options.sockets.sockets_max;
    sockets = sockets == 0 ? sockets_max : std::min(sockets, sockets_max);
    const std::size_t calls_max = files == 0 ? without_reserve(sockets) : std::min(without_reserve(sockets), files);
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
