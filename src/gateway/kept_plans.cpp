#include "gateway/kept_plans.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace gateway {

std::string secret_plan_name() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), random.size()) != 1) throw std::runtime_error("no random numbers");
    std::string name;
    for (const unsigned char byte : random) name += fmt::format("{:02x}", byte);
    return name;
}

void KeptPlans::keep(const std::string& name, call::CallPlan plan, Instant now) {
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    plans_.insert_or_assign(name, Kept{std::move(plan), ++kept_});
    order_.push_back({now + options_.life, name, kept_});
}

std::optional<call::CallPlan> KeptPlans::find(std::string_view name, Instant now) {
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    const auto found = plans_.find(std::string(name));
    return found == plans_.end() ? std::nullopt : std::optional(found->second.plan);
}

std::optional<call::CallPlan> KeptPlans::take(std::string_view name, Instant now) {
    const std::scoped_lock lock(mutex_);
    forget_oldest(now);
    auto node = plans_.extract(std::string(name));
    return node ? std::optional(std::move(node.mapped().plan)) : std::nullopt;
}

std::size_t KeptPlans::size() const {
    const std::scoped_lock lock(mutex_);
    return plans_.size();
}

void KeptPlans::forget_oldest(Instant now) {
    while (!order_.empty() && (order_.front().expires <= now || order_.size() >= options_.plans_max)) {
        const auto found = plans_.find(order_.front().name);
        if (found != plans_.end() && found->second.number == order_.front().number) plans_.erase(found);
        order_.pop_front();
    }
}

}  // namespace gateway
