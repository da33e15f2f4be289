#include "gateway/webhook.hpp"

#include "gateway/call_plan.hpp"
#include "twilio/sid.hpp"
#include "twilio/twiml.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace gateway {

namespace {

// Of a webhook's query what the operator put there. A GET webhook has Twilio's parameters beside it, the caller's
// number among them; those begin with a capital.
encoding::FormFields own_query(const encoding::FormFields& query) {
    encoding::FormFields own;
    std::ranges::copy_if(query, std::back_inserter(own), [](const auto& field) {
        return !field.first.empty() && !(field.first[0] >= 'A' && field.first[0] <= 'Z');
    });
    return own;
}

bool is_form(const http::Request& request) {
    return request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
}

}  // namespace

// Reads the call, checks that Twilio sent it, and lets `decide` answer. An inner failure still speaks.
template <class Answer>
http::Response Webhook::answer(const http::Request& request, std::string_view peer, Answer&& decide) {
    Call call;
    const bool post = request.method == "POST";
    if (post && !is_form(request)) {
        return http::error(415, "Twilio's webhooks are application/x-www-form-urlencoded.");
    }
    auto body = encoding::parse_form(post ? request.body : request.query());
    if (!body) return http::error(400, "The form has too many fields.");
    if (!trust_.webhook(request, post ? *body : encoding::FormFields{}, peer)) {
        loop_.switchboard.metrics.request_refused("signature");
        return http::error(403, "The X-Twilio-Signature header is missing or wrong.");
    }
    call.fields = std::move(*body);
    call.call_sid = encoding::find(call.fields, "CallSid").value_or("");
    call.account_sid = encoding::find(call.fields, "AccountSid").value_or("");
    const std::string& our_account = loop_.switchboard.options.account_sid;
    if (trust_.checks() && !our_account.empty() && call.account_sid != our_account) {
        spdlog::warn("webhook refused peer={} reason=wrong_account", peer);
        loop_.switchboard.metrics.request_refused("wrong_account");
        return http::error(403, "Calls of this account are not taken here.");
    }
    if (!twilio::is_sid(call.call_sid))
        return http::error(400, "The form has no CallSid, or not one that is an identifier.");
    try {
        return decide(call);
    } catch (const std::exception& failure) {
        spdlog::error("webhook failed call_sid={} reason={:?}", call.call_sid, failure.what());
        loop_.switchboard.metrics.exception_caught();
        loop_.switchboard.metrics.webhook_answered("fallback");
        return http::xml(twilio::say_and_hang_up(loop_.switchboard.options.apology_text));
    }
}

http::Response Webhook::call_incoming(const http::Request& request, std::string_view peer) {
    return answer(request, peer, [&](const Call& call) {
        if (loop_.switchboard.draining) {
            loop_.switchboard.metrics.webhook_answered("draining");
            return http::xml(twilio::say_and_hang_up(loop_.switchboard.options.busy_text));
        }
        return connect(request, call);
    });
}

http::Response Webhook::connect(const http::Request& request, const Call& call) {
    const Options& options = loop_.switchboard.options;
    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    const auto ticket = loop_.switchboard.directory.announce(
        call.call_sid, call.account_sid, loop_.index, [&] { return plan_for_webhook(options, call.fields, query); },
        loop_.events.now());
    if (!ticket) {
        loop_.switchboard.metrics.webhook_answered("busy");
        spdlog::warn("call turned away call_sid={} reason=too_many_calls", call.call_sid);
        return http::xml(twilio::say_and_hang_up(options.busy_text));
    }
    if (!ticket->repeated) {
        const auto field = [&](const char* name) {
            return std::string(encoding::find(call.fields, name).value_or(""));
        };
        loop_.switchboard.calls.announced({.call_sid = call.call_sid,
                                           .account_sid = call.account_sid,
                                           .direction = field("Direction"),
                                           .from = Secret(field("From")),
                                           .to = Secret(field("To"))},
                                          loop_.events.now());
        loop_.prepared.begin(call.call_sid, ticket->plan.speech);
    }

    const std::string base = public_base_url(options.public_url, request);
    twilio::ConnectStream stream{.url = websocket_url(base, fmt::format("{}/call/connection", api_prefix)),
                                 .action_url = fmt::format("{}{}/call/ended", base, api_prefix),
                                 .parameters = {{"token", ticket->token.reveal()}}};
    if (const auto own = own_query(query); !own.empty())
        stream.action_url += fmt::format("?{}", encoding::write_form(own));
    if (!ticket->plan.speech.voice.id.empty()) stream.parameters.emplace_back("voice_id", ticket->plan.speech.voice.id);
    loop_.switchboard.metrics.webhook_answered("connect");
    spdlog::info("call answered call_sid={} voice={} repeated={}", call.call_sid, ticket->plan.speech.voice.id,
                 ticket->repeated);
    return http::xml(twilio::connect_stream(stream));
}

http::Response Webhook::call_ended(const http::Request& request, std::string_view peer) {
    return answer(request, peer, [&](const Call& call) {
        const bool over = encoding::find(call.fields, "CallStatus") == "completed";
        const Aftermath aftermath = loop_.switchboard.directory.aftermath(call.call_sid);
        if (over || aftermath == Aftermath::finished) {
            loop_.switchboard.metrics.webhook_answered("hangup");
            return http::xml(twilio::hang_up());
        }
        if (aftermath == Aftermath::given_up || loop_.switchboard.draining) {
            const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
            const auto plan = plan_for_webhook(loop_.switchboard.options, call.fields, query);
            spdlog::warn("call finished by Twilio's own voice call_sid={}", call.call_sid);
            loop_.switchboard.metrics.webhook_answered("say");
            return http::xml(twilio::say_and_hang_up(plan.speech.text.reveal()));
        }
        spdlog::warn("stream lost, opening another call_sid={}", call.call_sid);
        return connect(request, call);
    });
}

}  // namespace gateway
