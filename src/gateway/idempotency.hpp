#pragma once
// Requests that carry an Idempotency-Key are carried out once: who asks again with the same key and the same request
// gets the first answer. Success is remembered, and what may have succeeded; what was refused may be tried again. For
// all loops; a mutex guards it.

#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gateway {

class Idempotency {
public:
    using Instant = std::chrono::steady_clock::time_point;
    struct Options {
        std::size_t keys_max = 10'000;  // the oldest is forgotten first
        std::chrono::hours life{24};
    };
    explicit Idempotency(Options options) : options_(options) {}

    enum class Verdict {
        fresh,       // carry it out, then finish()
        repeated,    // `response` is what the first one got
        under_way,   // the first one has not been answered yet
        mismatched,  // the key was used for another request
    };
    struct Found {
        Verdict verdict = Verdict::fresh;
        http::Response response{};
    };
    Found begin(const std::string& key, const http::Request& request, Instant now);
    void finish(const std::string& key, const http::Response& response);

    std::size_t size() const;

    // 1 to 255 printable ASCII characters.
    static bool is_key(std::string_view text);

private:
    struct Entry {
        std::size_t fingerprint = 0;
        std::uint64_t serial = 0;
        bool answered = false;
        http::Response response{};
    };
    struct Begun {
        Instant expires;
        std::uint64_t serial;
        std::string key;
    };
    void forget_oldest(Instant now);

    Options options_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::deque<Begun> order_;  // may name keys that were released
    std::uint64_t last_serial_ = 0;
};

}  // namespace gateway
