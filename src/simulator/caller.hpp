#pragma once
// Who calls whom, and the signed HTTP requests Twilio makes for such a call: parameters, headers and signature as
// captured from live webhooks. Source: twilio.com/docs/voice/twiml ("Twilio's request to your application"),
// docs/usage/security.

#include "encoding/form.hpp"
#include "net/http_client.hpp"
#include "redacted.hpp"
#include "simulator/web_address.hpp"

#include <random>
#include <string>
#include <string_view>

namespace simulator {

struct Caller {
    std::string account_sid, call_sid, from, to;
    Secret auth_token;  // empty: requests are not signed
    std::string direction = "inbound";
};

// Two letters and 32 hexadecimal digits.
std::string new_sid(std::string_view prefix, std::mt19937_64& random);

// Telephone numbers count up: one caller does not place thousands of calls. What is no such number stays as it is.
std::string nth_number(const std::string& first, std::size_t n);

// What every request of a call carries. `status` is ringing, in-progress, completed…
encoding::FormFields call_parameters(const Caller& caller, std::string_view status);

// How a public URL is reached: as it stands, or (loopback switch) at a server on this machine, which may speak plain
// HTTP.
class Route {
public:
    Route() = default;
    explicit Route(WebAddress local, bool plain_streams) : local_(std::move(local)), plain_streams_(plain_streams) {}

    WebAddress to(WebAddress url) const;
    bool plain_streams() const { return plain_streams_; }  // without TLS, whatever the URL says

private:
    WebAddress local_;  // without an authority: none
    bool plain_streams_ = false;
};

// `url` is what Twilio would ask for, and what it signs. Null signature header when the caller has no token.
net::OutgoingRequest webhook_request(const Caller& caller, std::string_view method, const WebAddress& url,
                                     const Route& route, const encoding::FormFields& fields, std::mt19937_64& random);

enum class SignatureMode {
    good,
    slash,
    wrong,
    absent
};  // slash: signed with a trailing slash, as Twilio does at times

// The signature of a Media Stream upgrade over its wss:// URL; empty for none.
std::string upgrade_signature(const Caller& caller, const WebAddress& url, SignatureMode mode);

}  // namespace simulator
