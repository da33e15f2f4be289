#pragma once
// How many calls each of our numbers has, against the limit of its own. A call takes its place when it is announced and
// keeps it while its stream lives; one whose stream does not come loses it soon, so that a caller who hung up at once
// does not keep a small number busy. For all loops; a mutex guards it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gateway {

class NumberPlaces {
public:
    using Instant = std::chrono::steady_clock::time_point;
    struct Options {
        std::chrono::seconds awaited{15};  // Twilio opens the stream within seconds of the webhook's answer
    };
    explicit NumberPlaces(Options options) : options_(options) {}

    // False: `calls_max` calls (0: any number) have one. A call that has its place keeps it.
    bool take(std::string_view number, const std::string& call_sid, std::size_t calls_max, Instant now);
    // Its stream is there; and has gone. Calls without a place are passed over.
    void opened(const std::string& call_sid, std::uint64_t connection_id);
    void closed(const std::string& call_sid, std::uint64_t connection_id);

    // It is turned away after all.
    void give_up(const std::string& call_sid);

    std::size_t taken(std::string_view number) const;
    // The calls of every number that is `wanted`.
    using Wanted = std::function<bool(const std::string& number)>;
    std::map<std::string, std::vector<std::string>> taken_at(const Wanted& wanted, Instant now);
    // Called under the lock, on any thread, when a place that was taken is free again.
    using Freed = std::function<void(const std::string& number, const std::string& call_sid)>;
    void when_freed(Freed freed);

private:
    struct Place {
        std::string number;
        std::uint64_t connection_id = 0;  // 0: its stream is awaited
        Instant expires;
    };
    using Places = std::unordered_map<std::string, Place>;
    void free(Places::iterator place);
    void free_expired(Instant now);

    const Options options_;
    mutable std::mutex mutex_;
    Places places_;  // by CallSid
    std::unordered_map<std::string, std::size_t> taken_;
    std::deque<std::pair<Instant, std::string>> awaited_;
    Freed freed_;
};

}  // namespace gateway
