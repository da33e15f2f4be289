#include "gateway/doctor_twilio.hpp"

#include "gateway/doctor_machine.hpp"
#include "gateway/request_trust.hpp"
#include "gateway/webhook.hpp"
#include "net/tls.hpp"
#include "net/websocket_client.hpp"
#include "twilio/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

constexpr std::string_view running_advice = "Start the server (mouthpiece serve) and ask again.";

bool is_hex(std::string_view text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Finding examine_account_sid(const std::string& sid) {
    if (sid.empty())
        return ok("account SID", "Calls of any account are taken.", "Set TWILIO_ACCOUNT_SID to take your own only.");
    if (sid.starts_with("AC") && is_hex(std::string_view(sid).substr(2), 32))
        return ok("account SID", "It has the right form.");
    return problem("account SID",
                   "An account SID is AC and 32 hexadecimal digits; this one is not, so every call is refused.",
                   "Copy it from the start page of Twilio's console into TWILIO_ACCOUNT_SID.");
}

Finding examine_token(const Secret& token) {
    if (token.empty()) {
        return problem("auth token",
                       "There is none, so signatures are not checked: whoever finds the server can use it.",
                       "Copy it from the start page of Twilio's console into TWILIO_AUTH_TOKEN.");
    }
    if (is_hex(token.reveal(), 32)) return ok("auth token", "It has the right form.");
    return problem(
        "auth token",
        fmt::format("An auth token is 32 hexadecimal digits; this one has {} characters or others.",
                    token.reveal().size()),
        "Copy the primary token (not an API key's secret) into TWILIO_AUTH_TOKEN, without quotes or spaces.");
}

// Signs as Twilio does and checks as the server will, for the very address that has to be entered at Twilio.
Finding examine_signature(const Options& options) {
    if (options.auth_token.empty()) return cannot_tell("signature", "There is no auth token to sign with.");
    if (options.public_url.empty()) return cannot_tell("signature", "There is no public URL to sign.");
    const std::string url = fmt::format("{}{}/call/incoming", options.public_url, api_prefix);
    const encoding::FormFields fields{{"CallSid", "CA00000000000000000000000000000000"}, {"From", "+15550100"}};
    const auto webhook =
        twilio::verify_webhook(options.auth_token, url, fields, twilio::sign(options.auth_token, url, fields));
    const std::string stream = websocket_url(options.public_url, fmt::format("{}/call/connection", api_prefix));
    const auto upgrade =
        twilio::verify_upgrade(options.auth_token, stream, twilio::sign(options.auth_token, stream, {}));
    if (!webhook || !upgrade)
        return problem("signature", fmt::format("What is signed for {} is not recognised.", url),
                       "Simplify WEBHOOK_BASE_URL.");
    return ok("signature", fmt::format("At Twilio, under \"A call comes in\", enter exactly: {} (POST).", url));
}

// The part of a public URL's findings that needs the way to it.
class PublicUrl {
public:
    PublicUrl(Fetcher& fetcher, const Options& options, const std::optional<std::string>& running_here)
        : fetcher_(fetcher), options_(options), running_here_(running_here) {}

    Findings examine() {
        Findings findings{examine_form(), examine_way()};
        if (!leads_to_mouthpiece_) {
            findings.push_back(cannot_tell("webhook", "The public URL does not lead to a Mouthpiece."));
            findings.push_back(cannot_tell("stream", "The public URL does not lead to a Mouthpiece."));
            return findings;
        }
        findings.push_back(examine_webhook());
        findings.push_back(examine_stream());
        return findings;
    }

private:
    std::string address(std::string_view path) const {
        return fmt::format("{}{}{}", options_.public_url, api_prefix, path);
    }

    Finding examine_form() const {
        if (options_.public_url.starts_with("https://"))
            return ok("public URL", fmt::format("{} is an https address.", options_.public_url));
        return problem("public URL", "Twilio opens streams by wss:// only, and this is an http:// address.",
                       "Put a proxy with a certificate in front (README: Connect a Twilio number) and set "
                       "WEBHOOK_BASE_URL to its https:// address.");
    }

    // Without a server here, its absence explains most of what can be seen from outside.
    Finding unreachable(std::string says, std::string advice) const {
        if (running_here_) return problem("way in", std::move(says), std::move(advice));
        return cannot_tell("way in", std::move(says) + " No server runs here.", std::string(running_advice));
    }

    Finding examine_way() {
        const auto page = fetcher_.get(address("/test"), introduction(options_));
        if (!page) {
            using enum net::TransportError::Kind;
            const auto kind = page.error().kind;
            if (kind == resolve || kind == tls) return problem("way in", describe(page.error()), advise(page.error()));
            return unreachable(describe(page.error()),
                               "Check the proxy, the firewall and the router; try the address from another network.");
        }
        if (const auto instance = instance_of(*page)) {
            leads_to_mouthpiece_ = true;
            return compare(*instance);
        }
        return judge_foreign_page(*page);
    }

    Finding compare(const std::string& instance) const {
        if (!running_here_)
            return cannot_tell("way in", "A Mouthpiece answers there; none runs here to compare it with.");
        if (instance.empty() || running_here_->empty()) {
            return cannot_tell("way in", "A Mouthpiece answers there, but does not tell us whether it is the one here.",
                               "It runs with another TWILIO_AUTH_TOKEN or WEBHOOK_BASE_URL than these.");
        }
        if (*running_here_ == instance) return ok("way in", "The public URL leads to the server on this machine.");
        return cannot_tell("way in", "A Mouthpiece answers there, but not the one on this machine.",
                           "Fine behind a load balancer; otherwise the proxy leads elsewhere.");
    }

    Finding judge_foreign_page(const Fetched& page) const {
        const int status = page.head.status;
        if (status >= 502 && status <= 504) {
            return unreachable(fmt::format("The proxy answers {}: it does not reach the server.", status),
                               fmt::format("Let the proxy pass on to port {} of this machine.", options_.port));
        }
        if (status >= 300 && status < 400) {
            return problem(
                "way in",
                fmt::format("The address redirects ({}) to {}.", status, page.head.header("location").substr(0, 200)),
                "Set WEBHOOK_BASE_URL to where it leads: Twilio signs the address it calls.");
        }
        if (status == 401 || status == 403) {
            return problem("way in", fmt::format("Something in front wants a login ({}).", status),
                           "Let Twilio through: the server checks its signatures.");
        }
        return problem("way in", fmt::format("Something else than a Mouthpiece answers ({}).", status),
                       fmt::format("Let the proxy pass {}/ on with its path unchanged.", api_prefix));
    }

    // A call that is over: the server answers with TwiML to hang up and does nothing.
    Finding examine_webhook() {
        const std::string url = address("/call/ended");
        const encoding::FormFields fields{{"CallSid", "CA00000000000000000000000000000000"},
                                          {"AccountSid", options_.account_sid},
                                          {"CallStatus", "completed"}};
        net::OutgoingRequest request{.method = "POST",
                                     .url = url,
                                     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                     .body = encoding::write_form(fields)};
        if (!options_.auth_token.empty()) {
            request.headers.emplace_back(twilio::signature_header, twilio::sign(options_.auth_token, url, fields));
        }
        const auto reply = fetcher_.fetch(std::move(request));
        if (!reply) return cannot_tell("webhook", describe(reply.error()), advise(reply.error()));
        if (reply->head.status == 200 && reply->body.contains("<Response"))
            return ok("webhook", "A webhook signed as Twilio does is answered.");
        if (reply->head.status == 403) {
            return problem("webhook", "The server refuses a webhook that is signed for this address.",
                           "It runs with another TWILIO_AUTH_TOKEN or WEBHOOK_BASE_URL, or the proxy changes the path: "
                           "its log lists the addresses it tried.");
        }
        return problem("webhook", fmt::format("The server answers a webhook with {}.", reply->head.status),
                       "Look into the server's log.");
    }

    Finding examine_stream() {
        auto target = stream_target();
        if (!target) return cannot_tell("stream", target.error());
        std::optional<std::expected<net::WebSocketConnector::Opened, net::WebSocketRefusal>> outcome;
        {
            const net::WebSocketConnector connector(fetcher_.loop(), std::move(*target),
                                                    [&](auto result) { outcome = std::move(result); });
            run_until(fetcher_.loop(), [&] { return outcome.has_value(); });
        }
        if (*outcome) return ok("stream", "A WebSocket signed as Twilio does is accepted.");
        const auto& refusal = outcome->error();
        if (refusal.status == 403) {
            return problem(
                "stream", "The server refuses a WebSocket that is signed for this address.",
                "It runs with another TWILIO_AUTH_TOKEN or WEBHOOK_BASE_URL, or the proxy changes the path.");
        }
        const std::string says = refusal.status == 0
                                     ? fmt::format("The WebSocket is not opened: {}.", refusal.reason)
                                     : fmt::format("The WebSocket is not opened: the answer is {}.", refusal.status);
        return problem("stream", says,
                       "Let the proxy pass Upgrade and Connection on (Twilio's error 31920, dead air for the caller).");
    }

    std::expected<net::WebSocketTarget, std::string> stream_target() const {
        const std::string signed_url =
            websocket_url(options_.public_url, fmt::format("{}/call/connection", api_prefix));
        const bool tls = options_.public_url.starts_with("https://");
        auto target = net::parse_websocket_url(tls ? signed_url : "ws" + signed_url.substr(3));
        if (!target) return target;
        if (tls) {
            auto authorities = net::Tls::client();
            if (!authorities) return std::unexpected(authorities.error());
            target->authorities = std::move(*authorities);
        }
        if (!options_.auth_token.empty()) {
            target->headers.emplace_back(twilio::signature_header, twilio::sign(options_.auth_token, signed_url, {}));
        }
        return target;
    }

    Fetcher& fetcher_;
    const Options& options_;
    const std::optional<std::string>& running_here_;
    bool leads_to_mouthpiece_ = false;
};

}  // namespace

Findings examine_twilio_settings(const Options& options) {
    return {examine_account_sid(options.account_sid), examine_token(options.auth_token), examine_signature(options)};
}

Findings examine_public_url(Fetcher& fetcher, const Options& options, const std::optional<std::string>& running_here) {
    if (options.public_url.empty()) {
        return {cannot_tell("public URL",
                            "None is set: it is taken from each request's Host header, which the proxy may change.",
                            "Set WEBHOOK_BASE_URL to the https:// address that Twilio calls.")};
    }
    return PublicUrl(fetcher, options, running_here).examine();
}

}  // namespace gateway
