#pragma once
// Does this request really come from Twilio? Knows the auth token; asked before anything else is looked at.

#include "encoding/form.hpp"
#include "gateway/request_origin.hpp"
#include "http/message.hpp"
#include "redacted.hpp"
#include "twilio/signature.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// "https://host" -> "wss://host", for <Stream url>.
std::string websocket_url(std::string_view base_url, std::string_view path);

class RequestTrust {
public:
    // An empty token trusts everybody (the start-up warns about it).
    explicit RequestTrust(const Secret& auth_token) : checks_(!auth_token.empty()), key_(auth_token) {}

    bool checks() const { return checks_; }

    // Needs no look at anything else: what is not signed at all is turned down before its form is read.
    bool lacks_signature(const http::Request& request) const;
    // A webhook; `fields` are its decoded form body. Logs a refusal with the URL forms that were tried.
    bool webhook(const http::Request& request, const encoding::FormFields& fields, const RequestOrigin& origin) const;
    bool upgrade(const http::Request& request, const RequestOrigin& origin) const;

private:
    bool checks_;
    twilio::SigningKey key_;
};

}  // namespace gateway
