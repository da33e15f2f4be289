#include "gateway/webhook.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/rest_of_call.hpp"
#include "gateway/signed_form.hpp"
#include "gateway/stream_pass.hpp"
#include "twilio/connection_overrides.hpp"
#include "twilio/twiml.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace gateway {

namespace {

CallFacts facts_of(const SignedForm& call, const encoding::FormFields& query) {
    const auto field = [&](const char* name) { return std::string(call.field(name)); };
    return {.account_sid = call.account_sid,
            .direction = field("Direction"),
            .from = Secret(field("From")),
            .to = Secret(field("To")),
            .query = own_query(query)};
}

// Of a call that we placed; else empty.
std::string plan_name(const http::Request& request) {
    if (!request.query().contains("plan=")) return {};
    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    return std::string(encoding::find(query, "plan").value_or(""));
}

std::string text_of(const std::vector<call::Passage>& passages) {
    std::string text;
    for (const call::Passage& passage : passages)
        text.append(text.empty() ? "" : " ").append(passage.rest().text.reveal());
    return text;
}

}  // namespace

// An inner failure still speaks.
template <class Answer>
http::Response Webhook::answer(const SignedForm& call, Answer&& decide) {
    try {
        return decide();
    } catch (const std::exception& failure) {
        return fall_back(call, failure);
    }
}

http::Response Webhook::fall_back(const SignedForm& call, const std::exception& failure) const {
    spdlog::error("webhook failed call_sid={} reason={:?}", call.call_sid, failure.what());
    loop_.switchboard.metrics.exception_caught();
    loop_.switchboard.metrics.webhook_answered("fallback");
    return http::xml(twilio::say_and_hang_up(loop_.switchboard.options.apology_text));
}

void Webhook::call_incoming(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin) {
    const auto call = read_signed_form(loop_, trust_, exchange->request(), origin);
    if (!call) return exchange->answer(call.error());
    const std::string plan = plan_name(exchange->request());
    if (plan.empty()) return incoming(exchange, origin, *call);
    fetch_planned(loop_, plan, [this, exchange, origin, call = *call] { incoming(exchange, origin, call); });
}

void Webhook::incoming(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin,
                       const SignedForm& call) {
    const auto decided = [this, exchange, origin, call](std::optional<http::Response> turned_away) {
        exchange->answer(answer(call, [&] {
            if (turned_away) return *std::move(turned_away);
            return connect(exchange->request(), origin, call, std::nullopt);
        }));
    };
    try {
        if (auto turned_away = admission_.turn_away(exchange->request(), call)) return decided(std::move(turned_away));
        admission_.ask_others(call, decided);
    } catch (const std::exception& failure) {
        exchange->answer(fall_back(call, failure));
    }
}

// A call that we placed brings the name of its plan.
call::CallPlan Webhook::plan_of(const SignedForm& call, const encoding::FormFields& query) const {
    if (const auto name = encoding::find(query, "plan")) {
        if (auto planned = loop_.switchboard.planned.find(*name, loop_.events.now())) return std::move(*planned);
    }
    return plan_for_webhook(*loop_.switchboard.numbers.settings_for(our_number(call.fields)), call.fields, query);
}

http::Response Webhook::connect(const http::Request& request, const RequestOrigin& origin, const SignedForm& call,
                                std::optional<call::CallPlan> rest) {
    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    const CallFacts facts = facts_of(call, query);
    const auto arrange = [&] {
        return Arrangement{.plan = rest ? *std::move(rest) : plan_of(call, query),
                           .token = loop_.switchboard.passes.issue(call.call_sid, facts, StreamPasses::Clock::now())};
    };
    const auto ticket =
        loop_.switchboard.directory.announce(call.call_sid, call.account_sid, loop_.index, arrange, loop_.events.now());
    if (!ticket) return admission_.turn_away_full(call);
    if (!ticket->repeated) {
        loop_.switchboard.calls.announced({.call_sid = call.call_sid,
                                           .account_sid = facts.account_sid,
                                           .direction = facts.direction,
                                           .from = facts.from,
                                           .to = facts.to,
                                           .voice_id = ticket->plan.speech.voice.id},
                                          loop_.events.now());
        loop_.switchboard.events.changed(call.call_sid);
        loop_.prepared.begin(call.call_sid, ticket->plan.opening());
    }

    loop_.switchboard.metrics.webhook_answered("connect");
    spdlog::info("call answered call_sid={} voice={} repeated={}", call.call_sid, ticket->plan.speech.voice.id,
                 ticket->repeated);
    return http::xml(twilio::connect_stream(stream_for(call, *ticket, query, origin)));
}

twilio::ConnectStream Webhook::stream_for(const SignedForm& call, const Ticket& ticket,
                                          const encoding::FormFields& query, const RequestOrigin& origin) const {
    const std::string& base = origin.return_url;
    // Should this server be gone, a balancer leads stream and action to the same other one.
    const bool alone = loop_.switchboard.options.instance_url.empty();
    const std::string which = alone ? "" : "/" + encoding::percent_encode(call.call_sid);
    const std::string ours(api_prefix);
    twilio::ConnectStream stream{.url = websocket_url(base, ours + "/call/connection" + which),
                                 .action_url = base + ours + "/call/ended" + which,
                                 .status_callback_url = base + ours + "/stream/status",
                                 .parameters = {{"token", ticket.token.reveal()}}};
    if (const auto own = own_query(query); !own.empty())
        stream.action_url.append("?").append(encoding::write_form(own));
    stream.action_url.append(twilio::ask_again);
    if (!ticket.plan.speech.voice.id.empty()) stream.parameters.emplace_back("voice_id", ticket.plan.speech.voice.id);
    return stream;
}

void Webhook::call_ended(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin) {
    const auto call = read_signed_form(loop_, trust_, exchange->request(), origin);
    if (!call) return exchange->answer(call.error());
    const auto go_on = [this, exchange, origin, call = *call](std::optional<call::CallPlan> rest) {
        exchange->answer(
            answer(call, [&] { return after_stream(exchange->request(), origin, call, std::move(rest)); }));
    };
    const bool over = call->field("CallStatus") == "completed";
    if (!over && !loop_.switchboard.directory.is_finished(call->call_sid))
        return rest_of_call(loop_, call->call_sid, plan_name(exchange->request()), go_on);
    loop_.shared_speech.forget_rest(call->call_sid);
    go_on(std::nullopt);
}

http::Response Webhook::after_stream(const http::Request& request, const RequestOrigin& origin, const SignedForm& call,
                                     std::optional<call::CallPlan> rest) {
    const bool over = call.field("CallStatus") == "completed";
    const Aftermath aftermath = loop_.switchboard.directory.aftermath(call.call_sid);
    const bool over_elsewhere = rest && rest->over();
    if (over_elsewhere) loop_.shared_speech.forget_rest(call.call_sid);
    if (over || aftermath == Aftermath::finished || over_elsewhere) {
        loop_.switchboard.metrics.webhook_answered("hangup");
        return http::xml(twilio::hang_up());
    }
    const bool goes_on = rest.has_value();
    // Announced and not used here: on another server, whose token it is no more, or Twilio asks again, without having
    // had our answer.
    if (auto unused = loop_.switchboard.directory.withdraw(call.call_sid); !rest) rest = std::move(unused);
    const bool elsewhere = admission_.is_closed_to(call.call_sid);
    if (elsewhere && loop_.switchboard.options.drain_policy == DrainPolicy::redirect)
        return admission_.turn_away_draining(request, call);
    if (elsewhere || aftermath == Aftermath::given_up) {
        const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
        spdlog::warn("call finished by Twilio's own voice call_sid={}", call.call_sid);
        loop_.switchboard.metrics.webhook_answered("say");
        return http::xml(twilio::say_and_hang_up(text_of((rest ? *rest : plan_of(call, query)).unheard())));
    }
    spdlog::warn("stream lost, opening another call_sid={} goes_on={}", call.call_sid, goes_on);
    if (goes_on) loop_.prepared.drop(call.call_sid);
    loop_.switchboard.number_places.take(our_number(call.fields), call.call_sid, 0, loop_.events.now());
    return connect(request, origin, call, std::move(rest));
}

}  // namespace gateway
