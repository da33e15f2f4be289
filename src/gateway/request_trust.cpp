#include "gateway/request_trust.hpp"

#include "twilio/signature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace gateway {

namespace {

constexpr std::string_view signature_header = "X-Twilio-Signature";

// Without a configured public address a proxy may have taken TLS off: both schemes are tried. The signature covers the
// URL, so a wrong guess can only refuse.
std::vector<std::string> base_urls(const std::string& configured, const http::Request& request) {
    if (!configured.empty()) return {public_base_url(configured, request)};
    const std::string host(request.header("Host"));
    return {"https://" + host, "http://" + host};
}

// The request line may carry scheme and host (RFC 9112, 3.2.2); what Twilio signed comes behind its own.
std::string path_and_query(const http::Request& request) {
    std::string target(request.path());
    if (!request.query().empty()) target.append("?").append(request.query());
    return target;
}

}  // namespace

std::string public_base_url(const std::string& configured, const http::Request& request) {
    if (configured.empty()) return fmt::format("https://{}", request.header("Host"));
    return configured.substr(0, configured.find_last_not_of('/') + 1);
}

std::string websocket_url(std::string_view base_url, std::string_view path) {
    const std::size_t scheme_end = base_url.find("://");
    const std::string_view rest = scheme_end == std::string_view::npos ? base_url : base_url.substr(scheme_end + 3);
    return fmt::format("wss://{}{}", rest, path);
}

bool RequestTrust::webhook(const http::Request& request, const encoding::FormFields& fields,
                           std::string_view peer) const {
    if (!checks()) return true;
    const auto signature = request.header(signature_header);
    std::vector<std::string> tried;
    for (const std::string& base : base_urls(public_url_, request)) {
        const auto verdict = twilio::verify_webhook(token_, base + path_and_query(request), fields, signature);
        if (verdict) return true;
        tried.insert(tried.end(), verdict.error().urls_tried.begin(), verdict.error().urls_tried.end());
    }
    log_refusal("webhook", peer, !signature.empty(), tried);
    return false;
}

bool RequestTrust::upgrade(const http::Request& request, std::string_view peer) const {
    if (!checks()) return true;
    const auto signature = request.header(signature_header);
    const std::string url = websocket_url(public_base_url(public_url_, request), path_and_query(request));
    const auto verdict = twilio::verify_upgrade(token_, url, signature);
    if (verdict) return true;
    log_refusal("stream_upgrade", peer, !signature.empty(), verdict.error().urls_tried);
    return false;
}

void RequestTrust::log_refusal(std::string_view what, std::string_view peer, bool header_present,
                               const std::vector<std::string>& urls_tried) const {
    // A reader of this line mostly has the wrong address in one of two places.
    const char* const hint = public_url_.empty() ? "set WEBHOOK_BASE_URL to the address Twilio calls"
                                                 : "one of urls_tried must be what Twilio calls, to the letter";
    spdlog::warn("signature refused request={} peer={} reason={} urls_tried={:?} hint={:?}", what, peer,
                 header_present ? "wrong_signature" : "no_signature", fmt::format("{}", fmt::join(urls_tried, " ")),
                 hint);
}

}  // namespace gateway
