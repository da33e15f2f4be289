#include "speech/plan_share.hpp"

#include <algorithm>

namespace speech {

namespace {

std::size_t needs_of(const RequestSlots::Figures& slots) {
    return slots.in_flight + slots.waiting;
}

// One more can begin without asking; of many, some more.
std::size_t wants_of(const RequestSlots::Figures& slots) {
    return needs_of(slots) + 1 + needs_of(slots) / 4;
}

}  // namespace

void PlanShare::give_up(const RequestSlots::Figures& slots) {
    if (grant_ && grant_->slots) grant_->slots = std::min(*grant_->slots, wants_of(slots));
}

PlanShare::Question PlanShare::question(const RequestSlots::Figures& slots, const RequestSlots::Plan& plan,
                                        Instant now) const {
    const auto ours = share(now);
    const bool seen = plan.seen != 0;
    return {.keeps = std::max(slots.in_flight, ours ? ours->slots : 0),
            .needs = needs_of(slots),
            .wants = wants_of(slots),
            .plan = plan.stated,
            .plan_seen = plan.seen,
            .plan_seen_ago = seen ? std::chrono::duration_cast<Millis>(now - plan.seen_at) : Millis(0),
            .instances = instances(),
            .lease = lease(),
            .gather = options_.gather};
}

void PlanShare::answered(const Grant& grant, Instant asked) {
    grant_ = grant;
    grant_->instances = std::max<std::size_t>(grant.instances, 1);
    lease_ends_ = asked + lease();
}

// Those who have more than an equal part when no grant is to be had go down to it at once; those who have less wait
// until the others' requests have ended.
std::optional<RequestSlots::Share> PlanShare::share(Instant now) const {
    if (!grant_ || !grant_->slots) return std::nullopt;
    if (now < lease_ends_) return RequestSlots::Share{.slots = *grant_->slots, .granted = true};
    const std::size_t part = std::max<std::size_t>(grant_->plan / grant_->instances, 1);
    const bool settled = now >= lease_ends_ + options_.settle;
    return RequestSlots::Share{.slots = settled ? part : std::min(part, *grant_->slots), .granted = false};
}

PlanShare::Standing PlanShare::standing(Instant now) const {
    if (!grant_) return Standing::alone;
    return now < lease_ends_ ? Standing::granted : Standing::guessing;
}

std::optional<Instant> PlanShare::changes_at(Instant now) const {
    if (!grant_) return std::nullopt;
    for (const Instant when : {lease_ends_, lease_ends_ + options_.settle}) {
        if (now < when) return when;
    }
    return std::nullopt;
}

PlanShare::Millis PlanShare::pause(std::size_t waiting) const {
    const bool in_haste = waiting > 0 || (grant_ && grant_->shortage);
    return in_haste ? hurry() : renew();
}

PlanShare::Millis PlanShare::hurry() const {
    return std::max<Millis>(options_.hurry, options_.hurry_each * static_cast<Millis::rep>(instances()));
}

PlanShare::Millis PlanShare::renew() const {
    return std::max<Millis>(options_.renew, options_.renew_each * static_cast<Millis::rep>(instances()));
}

// Several questions may go unanswered before a grant is lost.
PlanShare::Millis PlanShare::lease() const {
    return std::max(options_.lease, renew() * 4);
}

}  // namespace speech
