#include "simulator/caller.hpp"

#include "twilio/e164.hpp"
#include "twilio/signature.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace simulator {

namespace {

std::string hex_digits(std::size_t count, std::mt19937_64& random) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    std::uniform_int_distribution<std::size_t> any(0, digits.size() - 1);
    for (std::size_t i = 0; i < count; ++i) text += digits[any(random)];
    return text;
}

std::string new_uuid(std::mt19937_64& random) {
    const std::string hex = hex_digits(32, random);
    return fmt::format("{}-{}-4{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3), hex.substr(17, 3),
                       hex.substr(20));
}

// A signature is over the URL Twilio asks for; the port of an https voice webhook is left out.
std::string signed_form(const WebAddress& url) {
    WebAddress without_port = url;
    if (url.scheme == "https") {
        const std::string host = url.host();
        without_port.authority = host.contains(':') ? '[' + host + ']' : host;
    }
    return without_port.text();
}

}  // namespace

std::string new_sid(std::string_view prefix, std::mt19937_64& random) {
    return std::string(prefix) + hex_digits(32, random);
}

std::string nth_number(const std::string& first, std::size_t n) {
    if (!twilio::is_e164(first)) return first;
    std::uint64_t digits = 0;
    std::from_chars(first.data() + 1, first.data() + first.size(), digits);
    return fmt::format("+{}", digits + n);
}

encoding::FormFields call_parameters(const Caller& caller, std::string_view status) {
    encoding::FormFields fields{
        {"AccountSid", caller.account_sid},       {"ApiVersion", "2010-04-01"}, {"CallSid", caller.call_sid},
        {"CallStatus", std::string(status)},      {"Called", caller.to},        {"Caller", caller.from},
        {"Direction", caller.direction},          {"From", caller.from},        {"To", caller.to},
        {"StirVerstat", "TN-Validation-Passed-A"}};
    // Where the numbers are, as far as the carrier knows: present even when it does not.
    for (const std::string_view party : {"Called", "Caller", "From", "To"}) {
        for (const auto& [part, value] : std::array<std::pair<std::string_view, std::string_view>, 4>{
                 {{"City", ""}, {"State", "CA"}, {"Zip", ""}, {"Country", "US"}}}) {
            fields.emplace_back(fmt::format("{}{}", party, part), value);
        }
    }
    return fields;
}

WebAddress Route::to(WebAddress url) const {
    if (local_.authority.empty()) return url;
    if (url.scheme.starts_with("http")) url.scheme = local_.scheme;
    if (plain_streams_ && url.scheme == "wss") url.scheme = "ws";
    url.authority = local_.authority;
    return url;
}

net::OutgoingRequest webhook_request(const Caller& caller, std::string_view method, const WebAddress& url,
                                     const Route& route, const encoding::FormFields& fields, std::mt19937_64& random) {
    net::OutgoingRequest request;
    request.method = method;
    WebAddress asked = url;
    encoding::FormFields signed_fields = fields;
    if (method == "GET") {
        asked.target += (asked.target.contains('?') ? '&' : '?') + encoding::write_form(fields);
        signed_fields.clear();  // they are part of the URL already
    } else {
        request.body = encoding::write_form(fields);
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
    }
    const WebAddress reached = route.to(asked);
    request.url = reached.text();
    if (reached.authority != asked.authority) request.headers.emplace_back("Host", asked.authority);
    request.headers.emplace_back("Accept", "*/*");
    request.headers.emplace_back("I-Twilio-Idempotency-Token", new_uuid(random));
    request.headers.emplace_back("X-Home-Region", "us1");
    if (!caller.auth_token.empty()) {
        request.headers.emplace_back("X-Twilio-Signature",
                                     twilio::sign(caller.auth_token, signed_form(asked), signed_fields));
    }
    return request;
}

std::string upgrade_signature(const Caller& caller, const WebAddress& url, SignatureMode mode) {
    if (mode == SignatureMode::absent || caller.auth_token.empty()) return {};
    std::string signed_url = url.text();
    if (mode == SignatureMode::slash) signed_url += '/';
    if (mode == SignatureMode::wrong) signed_url += "somewhere-else";
    return twilio::sign(caller.auth_token, signed_url, {});
}

}  // namespace simulator
