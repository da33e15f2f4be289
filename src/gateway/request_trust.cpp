#include "gateway/request_trust.hpp"

#include "twilio/signature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace gateway {

namespace {

// The request line may carry scheme and host (RFC 9112, 3.2.2); what Twilio signed comes behind its own.
std::string path_and_query(const http::Request& request) {
    std::string target(request.path());
    if (!request.query().empty()) target.append("?").append(request.query());
    return target;
}

void log_refusal(std::string_view request, const RequestOrigin& origin, bool header_present,
                 const std::vector<std::string>& urls_tried) {
    // A reader of this line mostly has the wrong address in one of two places.
    const char* const hint = origin.configured ? "one of urls_tried must be what Twilio calls, to the letter"
                                               : "set WEBHOOK_BASE_URL to the address Twilio calls";
    spdlog::warn("signature refused request={} peer={} reason={} urls_tried={:?} hint={:?}", request, origin.client(),
                 header_present ? "wrong_signature" : "no_signature", fmt::format("{}", fmt::join(urls_tried, " ")),
                 hint);
}

}  // namespace

std::string websocket_url(std::string_view base_url, std::string_view path) {
    const std::size_t scheme_end = base_url.find("://");
    const std::string_view rest = scheme_end == std::string_view::npos ? base_url : base_url.substr(scheme_end + 3);
    std::string url = "wss://";
    return url.append(rest).append(path);
}

bool RequestTrust::lacks_signature(const http::Request& request) const {
    return checks() && request.header(twilio::signature_header).empty();
}

bool RequestTrust::webhook(const http::Request& request, const encoding::FormFields& fields,
                           const RequestOrigin& origin) const {
    if (!checks()) return true;
    const auto signature = request.header(twilio::signature_header);
    std::vector<std::string> tried;
    for (const std::string& base : origin.base_urls) {
        const auto verdict = twilio::verify_webhook(key_, base + path_and_query(request), fields, signature);
        if (verdict) return true;
        tried.insert(tried.end(), verdict.error().urls_tried.begin(), verdict.error().urls_tried.end());
    }
    log_refusal("webhook", origin, !signature.empty(), tried);
    return false;
}

bool RequestTrust::upgrade(const http::Request& request, const RequestOrigin& origin) const {
    if (!checks()) return true;
    const auto signature = request.header(twilio::signature_header);
    std::vector<std::string> urls, tried;
    for (const std::string& base : origin.base_urls) {
        const std::string url = websocket_url(base, path_and_query(request));
        if (std::ranges::find(urls, url) == urls.end()) urls.push_back(url);  // both schemes have one
    }
    for (const std::string& url : urls) {
        const auto verdict = twilio::verify_upgrade(key_, url, signature);
        if (verdict) return true;
        tried.insert(tried.end(), verdict.error().urls_tried.begin(), verdict.error().urls_tried.end());
    }
    log_refusal("stream_upgrade", origin, !signature.empty(), tried);
    return false;
}

}  // namespace gateway
