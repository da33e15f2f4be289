#pragma once
// Does this request really come from Twilio? Knows our public address and the auth token; asked before anything else is
// looked at.

#include "encoding/form.hpp"
#include "http/message.hpp"
#include "redacted.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// Our public base URL as Twilio sees it, without a trailing slash: the configured one, else https:// and the request's
// Host.
std::string public_base_url(const std::string& configured, const http::Request& request);

// "https://host" -> "wss://host", for <Stream url>.
std::string websocket_url(std::string_view base_url, std::string_view path);

class RequestTrust {
public:
    // An empty token trusts everybody (the start-up warns about it).
    RequestTrust(Secret auth_token, std::string public_url)
        : token_(std::move(auth_token)), public_url_(std::move(public_url)) {}

    bool checks() const { return !token_.empty(); }

    // A webhook; `fields` are its decoded form body. Logs a refusal with the URL forms that were tried.
    bool webhook(const http::Request& request, const encoding::FormFields& fields, std::string_view peer) const;
    bool upgrade(const http::Request& request, std::string_view peer) const;

private:
    void log_refusal(std::string_view what, std::string_view peer, bool header_present,
                     const std::vector<std::string>& urls_tried) const;

    Secret token_;
    std::string public_url_;
};

}  // namespace gateway
