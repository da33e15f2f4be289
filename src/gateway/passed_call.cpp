#include "gateway/passed_call.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/stream_pass.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace gateway {

namespace {

std::optional<call::CallPlan> plan_for(Switchboard& switchboard, const std::string& call_sid, const CallFacts& facts,
                                       Instant now) {
    if (const auto name = encoding::find(facts.query, "plan")) return switchboard.planned.find(*name, now);
    const encoding::FormFields webhook{{"CallSid", call_sid},
                                       {"From", std::string(facts.from.reveal())},
                                       {"To", std::string(facts.to.reveal())},
                                       {"Direction", facts.direction}};
    const auto number = our_number(webhook);
    switchboard.number_places.take(number, call_sid, 0, now);
    return plan_for_webhook(*switchboard.numbers.settings_for(number), webhook, facts.query);
}

}  // namespace

std::optional<Ticket> ticket_by_pass(LoopServices& loop, const twilio::Started& started, std::string_view pass) {
    Switchboard& switchboard = loop.switchboard;
    const auto facts = switchboard.passes.open(started.call_sid, pass, StreamPasses::Clock::now());
    if (!facts || facts->account_sid != started.account_sid) return std::nullopt;
    const auto now = loop.events.now();
    auto plan = plan_for(switchboard, started.call_sid, *facts, now);
    if (!plan) return std::nullopt;
    spdlog::info("stream of a call that another server answered call_sid={}", started.call_sid);
    switchboard.calls.announced({.call_sid = started.call_sid,
                                 .account_sid = facts->account_sid,
                                 .direction = facts->direction,
                                 .from = facts->from,
                                 .to = facts->to,
                                 .voice_id = plan->speech.voice.id},
                                now);
    return Ticket{.token = {}, .plan = *std::move(plan), .loop = loop.index};
}

}  // namespace gateway
