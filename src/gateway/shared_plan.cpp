#include "gateway/shared_plan.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gateway {

namespace {

constexpr std::chrono::milliseconds plan_answer_max{500};
constexpr std::chrono::milliseconds connection_looked_for{50};  // while there is none

}  // namespace

SharedPlan::SharedPlan(net::EventLoop& loop, SharedStore& store, speech::RequestSlots& slots, Names names,
                       speech::PlanShare::Options options)
    : loop_(loop),
      store_(store),
      slots_(slots),
      names_(std::move(names)),
      share_(options),
      next_(loop.timers(), [this] { ask(); }),
      change_(loop.timers(), [this] { tell(); }),
      mailbox_(std::make_shared<LoopMailbox>(loop)) {
    slots_.when_short([this, mailbox = mailbox_] { mailbox->post([this] { ask_soon(); }); });
    next_.arm(loop_.now());
}

SharedPlan::~SharedPlan() {
    slots_.when_short({});
    mailbox_->close();
}

// Somebody waits. A question that is on its way was put without knowing it; the next one comes soon after.
void SharedPlan::ask_soon() {
    if (asking_) return;
    const net::Instant soonest = asked_ + share_.hurry();
    if (soonest <= loop_.now()) return ask();
    if (!next_.armed() || soonest < next_.when()) next_.arm(soonest);
}

void SharedPlan::ask() {
    next_.disarm();  // until this one is answered
    asked_ = loop_.now();
    share_.give_up(slots_.figures(asked_));
    tell();  // before we say what we keep: what is in flight cannot grow beyond it any more
    const auto question = share_.question(slots_.figures(asked_), slots_.plan(), asked_);
    figures_.wanted = question.wants;
    if (!store_.ready()) return next_.arm(asked_ + connection_looked_for);
    const auto words = plan_ledger_question(names_.ledger, names_.instance, question);
    const std::vector<std::string_view> views(words.begin(), words.end());
    asking_ = store_.ask(StoreUse::plan_share, views, plan_answer_max,
                         [this, asked = asked_](const net::RedisResult& result) { answered(result, asked); });
}

void SharedPlan::answered(const net::RedisResult& result, net::Instant asked) {
    asking_.reset();
    const auto grant = result ? plan_ledger_answer(*result) : std::nullopt;
    if (grant) share_.answered(*grant, asked);
    tell();
    // When that failed there is no use in haste.
    const auto pause = grant ? share_.pause(slots_.figures(loop_.now()).waiting) : share_.renew();
    next_.arm(asked + pause);
}

void SharedPlan::tell() {
    const net::Instant now = loop_.now();
    const auto share = share_.share(now);
    slots_.set_share(share, now);
    figures_.granted = share && share->granted ? share->slots : 0;
    figures_.instances = share_.instances();
    if (const auto when = share_.changes_at(now)) change_.arm(*when);
    if (const auto standing = share_.standing(now); standing != told_) log_change(standing);
}

void SharedPlan::log_change(speech::PlanShare::Standing now) {
    told_ = now;
    if (now == speech::PlanShare::Standing::granted) {
        spdlog::info("ElevenLabs' plan is shared instances={}", share_.instances());
    } else {
        ++figures_.lost;
        spdlog::warn("ElevenLabs' plan is divided instances={} requests={}", share_.instances(),
                     slots_.figures(loop_.now()).limit);
    }
}

}  // namespace gateway
