#include "gateway/planned_calls.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace gateway {

namespace {

// Whoever knows it could have the text spoken: it must not be guessed.
std::string secret_name() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), random.size()) != 1) throw std::runtime_error("no random numbers");
    std::string name;
    for (const unsigned char byte : random) name += fmt::format("{:02x}", byte);
    return name;
}

}  // namespace

std::string PlannedCalls::keep(call::CallPlan plan, Instant now) {
    std::string name = secret_name();
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    plans_.emplace(name, std::move(plan));
    order_.emplace_back(now + options_.life, name);
    return name;
}

std::optional<call::CallPlan> PlannedCalls::find(std::string_view name, Instant now) {
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    const auto found = plans_.find(std::string(name));
    return found == plans_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t PlannedCalls::size() const {
    const std::scoped_lock lock(mutex_);
    return plans_.size();
}

void PlannedCalls::forget_oldest(Instant now) {
    while (!order_.empty() && (order_.front().first <= now || order_.size() >= options_.plans_max)) {
        plans_.erase(order_.front().second);
        order_.pop_front();
    }
}

}  // namespace gateway
