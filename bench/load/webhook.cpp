#include "load/webhook.hpp"

#include "encoding/form.hpp"
#include "load/http_text.hpp"
#include "twilio/signature.hpp"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace bench {

namespace {

std::string signature_line(const Plan& plan, const std::string& url, const encoding::FormFields& fields) {
    if (plan.auth_token.empty()) return {};
    return "X-Twilio-Signature: " + twilio::sign(Secret(plan.auth_token), url, fields) + "\r\n";
}

// Another caller for every call.
std::string number_of(std::string_view call_sid) {
    return "+1500" + std::to_string(2'000'000 + std::hash<std::string_view>{}(call_sid) % 8'000'000);
}

// What a live webhook carries.
encoding::FormFields fields_of(std::string_view call_sid) {
    return {{"AccountSid", "AC00000000000000000000000000000001"},
            {"ApiVersion", "2010-04-01"},
            {"CallSid", std::string(call_sid)},
            {"CallStatus", "ringing"},
            {"Called", "+15005550006"},
            {"CalledCity", "SAN FRANCISCO"},
            {"CalledCountry", "US"},
            {"CalledState", "CA"},
            {"CalledZip", "94105"},
            {"Caller", number_of(call_sid)},
            {"CallerCity", "OAKLAND"},
            {"CallerCountry", "US"},
            {"CallerState", "CA"},
            {"CallerZip", "94601"},
            {"Direction", "inbound"},
            {"From", number_of(call_sid)},
            {"FromCity", "OAKLAND"},
            {"FromCountry", "US"},
            {"FromState", "CA"},
            {"FromZip", "94601"},
            {"To", "+15005550006"},
            {"ToCity", "SAN FRANCISCO"},
            {"ToCountry", "US"},
            {"ToState", "CA"},
            {"ToZip", "94105"}};
}

// The value of an attribute in one tag; our values need no unescaping.
std::string_view attribute(std::string_view tag, std::string_view name) {
    const std::size_t at = tag.find(name);
    if (at == std::string_view::npos) return {};
    const std::string_view value = tag.substr(at + name.size());
    return value.substr(0, value.find('"'));
}

}  // namespace

std::string webhook_request(const Plan& plan, std::string_view call_sid) {
    const encoding::FormFields fields = fields_of(call_sid);
    const std::string body = encoding::write_form(fields);
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n{}Content-Length: {}\r\n\r\n{}",
        plan.webhook_path, plan.host, signature_line(plan, "https://" + plan.host + plan.webhook_path, fields),
        body.size(), body);
}

std::string upgrade_signature(const Plan& plan) {
    return signature_line(plan, "wss://" + plan.host + plan.path, {});
}

std::optional<std::string> stream_parameters(std::string_view twiml) {
    std::size_t at = twiml.find("<Stream");
    if (at == std::string_view::npos) return std::nullopt;
    std::string members;
    while ((at = twiml.find("<Parameter", at)) != std::string_view::npos) {
        const std::string_view tag = twiml.substr(at, twiml.find('>', at) - at);
        at += tag.size();
        members += fmt::format(R"({}"{}":"{}")", members.empty() ? "" : ",", attribute(tag, "name=\""),
                               attribute(tag, "value=\""));
    }
    return members;
}

WebhookRequest::WebhookRequest(Loop& loop, const Plan& plan, SSL_CTX* tls, std::string_view call_sid, Tally& tally,
                               Done done)
    : Stream(loop, Socket(connect_to(plan.port), tls, false)),
      tally_(tally),
      ring_ms_(plan.ring_ms),
      done_(std::move(done)),
      asked_ns_(now_ns()) {
    send(webhook_request(plan, call_sid));
}

void WebhookRequest::on_bytes(std::span<char> bytes) {
    answer_.append(bytes.data(), bytes.size());
    const HttpText answer = first_message(answer_);
    if (answer.bytes == 0) return;
    const std::int64_t now = now_ns();
    tally_.webhook.add(now - asked_ns_);
    if (answer.head.starts_with("HTTP/1.1 200")) parameters_ = stream_parameters(answer.body);
    answer_.clear();
    if (!parameters_) {
        drop();
    } else {
        loop().plan(*this, now + ring_ms_ * 1'000'000LL);
    }
}

void WebhookRequest::on_due(std::int64_t) {
    drop();
    settle();
}

void WebhookRequest::on_gone() {
    done_(parameters_);
}

}  // namespace bench
