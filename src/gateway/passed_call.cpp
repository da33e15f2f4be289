#include "gateway/passed_call.hpp"

#include "gateway/call_plan.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace gateway {

namespace {

std::optional<call::CallPlan> plan_for(Switchboard& switchboard, const std::string& call_sid, const CallFacts& facts,
                                       const SharedSpeech::Known& known, Instant now) {
    if (const auto name = encoding::find(facts.query, "plan")) {
        if (known.rest) return known.rest;
        return known.planned ? known.planned : switchboard.planned.find(*name, now);
    }
    const encoding::FormFields webhook{{"CallSid", call_sid},
                                       {"From", std::string(facts.from.reveal())},
                                       {"To", std::string(facts.to.reveal())},
                                       {"Direction", facts.direction}};
    const auto number = our_number(webhook);
    switchboard.number_places.take(number, call_sid, 0, now);
    if (known.rest) return known.rest;
    return plan_for_webhook(*switchboard.numbers.settings_for(number), webhook, facts.query);
}

}  // namespace

std::optional<CallFacts> facts_by_pass(LoopServices& loop, const twilio::Started& started) {
    const auto pass = encoding::find(started.custom_parameters, "token");
    if (!pass) return std::nullopt;
    auto facts = loop.switchboard.passes.open(started.call_sid, *pass, StreamPasses::Clock::now());
    if (!facts || facts->account_sid != started.account_sid) return std::nullopt;
    return *std::move(facts);
}

std::optional<Ticket> ticket_by_pass(LoopServices& loop, const twilio::Started& started,
                                     const SharedSpeech::Known& known) {
    Switchboard& switchboard = loop.switchboard;
    const auto facts = facts_by_pass(loop, started);
    if (!facts) return std::nullopt;
    const auto now = loop.events.now();
    auto plan = plan_for(switchboard, started.call_sid, *facts, known, now);
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
