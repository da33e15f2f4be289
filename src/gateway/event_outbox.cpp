#include "gateway/event_outbox.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gateway {

namespace {

std::int64_t unix_time() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// 408 and 429 ask to come again, and a 5xx may pass.
bool worth_another_try(const std::expected<Fetched, net::TransportError>& answer) {
    if (!answer) return true;
    const int status = answer->head.status;
    return status == 408 || status == 429 || status >= 500;
}

}  // namespace

std::string event_signature(const Secret& secret, std::int64_t timestamp, std::string_view body) {
    const std::string text = fmt::format("{}.{}", timestamp, body);
    const std::string& key = secret.reveal();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest.data(), &size);
    return fmt::format("v1={:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

EventOutbox::EventOutbox(net::EventLoop& loop, Options options, Counted counted)
    : loop_(loop),
      options_(std::move(options)),
      counted_(std::move(counted)),
      again_(loop.timers(), [this] { post_batch(); }),
      fetches_(loop, {.connections_per_host_max = 1, .public_addresses_only = !options_.private_addresses}) {}

EventOutbox::~EventOutbox() = default;

void EventOutbox::publish(std::string event) {
    if (!wanted()) return;
    {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() < options_.events_max) {
            waiting_.push_back(std::move(event));
            if (std::exchange(at_work_, true)) return;
        } else {
            return counted_("dropped", 1);
        }
    }
    loop_.post([this] { wake(); });
}

bool EventOutbox::idle() const {
    const std::scoped_lock lock(mutex_);
    return !at_work_;
}

void EventOutbox::wake() {
    {
        const std::scoped_lock lock(mutex_);
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(options_.batch_max, waiting_.size()));
        batch_.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        if (batch_.empty()) {
            at_work_ = false;
            return;
        }
    }
    body_ = fmt::format(R"({{"events":[{}]}})", fmt::join(batch_, ","));
    attempts_ = 0;
    post_batch();
}

void EventOutbox::post_batch() {
    ++attempts_;
    const auto timestamp = unix_time();
    net::OutgoingRequest request{
        .method = "POST",
        .url = options_.url,
        .headers = {{"Content-Type", "application/json"}, {"X-Mouthpiece-Timestamp", std::to_string(timestamp)}},
        .body = body_,
        .total_timeout = std::chrono::seconds(10),
        .body_bytes_max = 64u << 10};
    if (!options_.secret.empty())
        request.headers.emplace_back("X-Mouthpiece-Signature", event_signature(options_.secret, timestamp, body_));
    fetches_.start(std::move(request), [this](const auto& answer) { on_answer(answer); });
}

void EventOutbox::on_answer(const std::expected<Fetched, net::TransportError>& answer) {
    if (answer && answer->head.status >= 200 && answer->head.status < 300) return batch_over("delivered");
    const std::string why = answer ? fmt::format("http_{}", answer->head.status) : answer.error().reason;
    if (!worth_another_try(answer)) {
        spdlog::warn("events refused count={} reason={:?}", batch_.size(), why);
        return batch_over("refused");
    }
    if (attempts_ >= options_.attempts_max) {
        spdlog::warn("events dropped count={} attempts={} reason={:?}", batch_.size(), attempts_, why);
        return batch_over("dropped");
    }
    if (attempts_ == 1) spdlog::warn("events wait count={} reason={:?}", batch_.size(), why);
    again_.arm(loop_.now() + next_pause());
}

void EventOutbox::batch_over(std::string_view result) {
    counted_(result, batch_.size());
    batch_.clear();
    wake();
}

// Half of a doubling pause for certain, the other half at random, so that many servers do not come back as one.
std::chrono::milliseconds EventOutbox::next_pause() {
    const auto pause = std::min(options_.pause_max, options_.pause_first * (1u << std::min(attempts_ - 1, 16u)));
    std::uniform_int_distribution<long> any(0, pause.count() / 2);
    return pause / 2 + std::chrono::milliseconds(any(random_));
}

}  // namespace gateway
