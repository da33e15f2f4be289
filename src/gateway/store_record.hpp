#pragma once
// How it goes with Redis, for all loops together: counted for each use, and told once when something begins to fail and
// once when it works again. Any thread may call it.

#include "call/histogram.hpp"
#include "call/labelled_counter.hpp"
#include "net/redis_reply.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <mutex>
#include <string>

namespace gateway {

// What Redis is used for: each fails, and is missed, by itself.
enum class StoreUse : std::size_t {
    clip_lookup,
    clip_claim,
    clip_store,
    call_register,
    call_orders,
    plan_share,
    call_limits,
    speech_lookup,
    speech_store
};
inline constexpr std::array store_use_names = {"clip_lookup",   "clip_claim",    "clip_store",
                                               "call_register", "call_orders",   "plan_share",
                                               "call_limits",   "speech_lookup", "speech_store"};

class StoreRecord {
public:
    explicit StoreRecord(std::size_t connections) : connections_(connections) {}

    // One loop's connection is ready, or has ended, or could not be made: why.
    void connection_ready();
    void connection_lost(bool was_ready, const std::string& reason);

    void answered(StoreUse use, const net::RedisResult& result, std::chrono::microseconds took);

    std::string render() const;  // for /metrics

private:
    // So many in a row: one late answer among many is no news.
    static constexpr unsigned failures_told = 3;

    struct Use {
        call::LabelledCounter results{"ok", "absent", "crowded", "late", "lost", "refused"};
        call::Histogram seconds;
        unsigned failures = 0;  // in a row
    };
    void count(Use& use, const char* name, const net::RedisResult& result);

    const std::size_t connections_;
    mutable std::mutex mutex_;
    std::size_t ready_ = 0;
    enum class Told { nothing, used, lost } told_ = Told::nothing;
    std::array<Use, store_use_names.size()> uses_;
};

}  // namespace gateway
