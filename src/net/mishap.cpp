#include "net/mishap.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>

namespace net {

namespace {

std::atomic<std::uint64_t> mishaps_so_far = 0;

}  // namespace

void tell_mishap(const char* where, const std::exception& mishap) noexcept {
    mishaps_so_far.fetch_add(1, std::memory_order_relaxed);
    try {
        spdlog::error("exception caught where={} reason={:?}", where, mishap.what());
    } catch (...) {
        std::fputs("mouthpiece: exception caught, and not logged\n", stderr);
    }
}

std::uint64_t mishaps() {
    return mishaps_so_far.load(std::memory_order_relaxed);
}

}  // namespace net
