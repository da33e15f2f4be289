#include "gateway/signed_form.hpp"

#include "gateway/loop_services.hpp"
#include "twilio/sid.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gateway {

namespace {

bool is_form(const http::Request& request) {
    return request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
}

}  // namespace

// A GET webhook has Twilio's parameters beside it, the caller's number among them; those begin with a capital.
encoding::FormFields own_query(const encoding::FormFields& query) {
    encoding::FormFields own;
    std::ranges::copy_if(query, std::back_inserter(own), [](const auto& field) {
        return !field.first.empty() && !(field.first[0] >= 'A' && field.first[0] <= 'Z');
    });
    return own;
}

std::expected<SignedForm, http::Response> read_signed_form(LoopServices& loop, const RequestTrust& trust,
                                                           const http::Request& request, const RequestOrigin& origin) {
    const auto turned_down = [&]() -> std::unexpected<http::Response> {
        loop.switchboard.metrics.request_refused("signature");
        if (auto too_many = loop.too_many_refusals(origin)) return std::unexpected(std::move(*too_many));
        return std::unexpected(http::error(403, "The X-Twilio-Signature header is missing or wrong."));
    };
    if (trust.lacks_signature(request)) {
        spdlog::warn("signature refused request=webhook peer={} reason=no_signature urls_tried={:?} hint={:?}",
                     origin.client(), origin.base_url() + std::string(request.path()),
                     "does something on the way take X-Twilio-Signature away?");
        return turned_down();
    }
    const bool post = request.method == "POST";
    if (post && !is_form(request))
        return std::unexpected(http::error(415, "Twilio's webhooks are application/x-www-form-urlencoded."));
    auto body = encoding::parse_form(post ? request.body : request.query());
    if (!body) return std::unexpected(http::error(400, "The form has too many fields."));
    if (!trust.webhook(request, post ? *body : encoding::FormFields{}, origin)) return turned_down();
    SignedForm form{.fields = std::move(*body), .call_sid = {}, .account_sid = {}};
    form.call_sid = form.field("CallSid");
    form.account_sid = form.field("AccountSid");
    const std::string& our_account = loop.switchboard.options.account_sid;
    if (trust.checks() && !our_account.empty() && form.account_sid != our_account) {
        spdlog::warn("webhook refused peer={} reason=wrong_account", origin.client());
        loop.switchboard.metrics.request_refused("wrong_account");
        return std::unexpected(http::error(403, "Calls of this account are not taken here."));
    }
    if (!twilio::is_sid(form.call_sid))
        return std::unexpected(http::error(400, "The form has no CallSid, or not one that is an identifier."));
    return form;
}

}  // namespace gateway
