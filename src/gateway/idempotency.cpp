#include "gateway/idempotency.hpp"

#include <algorithm>
#include <functional>

namespace gateway {

namespace {

std::size_t fingerprint_of(const http::Request& request) {
    const std::hash<std::string_view> hash;
    return hash(request.method) ^ (hash(request.target) * 3) ^ (hash(request.body) * 5);
}

// Done, or (504) perhaps done: to try that again under the same key could do it twice.
bool is_settled(int status) {
    return status < 300 || status == 504;
}

}  // namespace

bool Idempotency::is_key(std::string_view text) {
    constexpr std::size_t characters_max = 255;
    return !text.empty() && text.size() <= characters_max &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Idempotency::Found Idempotency::begin(const std::string& key, const http::Request& request, Instant now) {
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    const auto fingerprint = fingerprint_of(request);
    const auto [entry, fresh] =
        entries_.try_emplace(key, Entry{.fingerprint = fingerprint, .serial = last_serial_ + 1});
    if (fresh) {
        order_.push_back({now + options_.life, ++last_serial_, key});
        return {.verdict = Verdict::fresh};
    }
    if (entry->second.fingerprint != fingerprint) return {.verdict = Verdict::mismatched};
    if (!entry->second.answered) return {.verdict = Verdict::under_way};
    return {.verdict = Verdict::repeated, .response = entry->second.response};
}

void Idempotency::finish(const std::string& key, const http::Response& response) {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    if (!is_settled(response.status)) {
        entries_.erase(found);
        return;
    }
    found->second.answered = true;
    found->second.response = response;
}

void Idempotency::forget_oldest(Instant now) {
    while (!order_.empty() && (order_.front().expires <= now || order_.size() >= options_.keys_max)) {
        const auto found = entries_.find(order_.front().key);
        if (found != entries_.end() && found->second.serial == order_.front().serial) entries_.erase(found);
        order_.pop_front();
    }
}

std::size_t Idempotency::size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
}

}  // namespace gateway
