#pragma once
// Is this request really from Twilio? X-Twilio-Signature on webhooks and on the Media Stream upgrade.
// Source: twilio.com/docs/usage/security, and the behaviour of the official Node and Python libraries.

#include "encoding/form.hpp"
#include "redacted.hpp"

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace twilio {

constexpr std::string_view signature_header = "X-Twilio-Signature";

// An auth token set up for signing, which takes OpenSSL longer than to sign a webhook: whoever checks many keeps one.
// For one thread at a time.
class SigningKey {
public:
    SigningKey(const Secret& auth_token);  // not explicit: who signs once passes the token

    bool empty() const { return context_ == nullptr; }  // or SHA-1 is forbidden by policy: then nothing verifies
    // HMAC-SHA1 over one behind the other, base64; empty when there is no key
    std::string sign(std::string_view url, std::string_view fields) const;

private:
    struct Free {
        void operator()(evp_mac_ctx_st* context) const;
    };
    std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

// HMAC-SHA1 over url + every distinct value of every name (names sorted by byte, values sorted), base64. The URL is
// taken as it stands: whoever signs leaves out what is not signed (user, password, fragment).
std::string sign(const SigningKey& key, std::string_view url, const encoding::FormFields& fields);

struct SignatureMismatch {
    // For the log, so that a wrong public URL is found in one look. Query values are left out: a GET webhook has
    // telephone numbers there.
    std::vector<std::string> urls_tried;
};

// `url` is the public URL Twilio asked for. Tries it with and without the port, and in the spellings the official
// libraries accept. Comparison takes the same time for every wrong signature. With an empty token nothing is valid: a
// forgotten setting must not open the door.
std::expected<void, SignatureMismatch> verify_webhook(const SigningKey& key, std::string_view url,
                                                      const encoding::FormFields& fields, std::string_view signature);

// JSON bodies: the URL carries bodySHA256, which is checked against the raw body.
std::expected<void, SignatureMismatch> verify_json_webhook(const SigningKey& key, std::string_view url,
                                                           std::string_view raw_body, std::string_view signature);

// The WebSocket upgrade: wss:// URL, without fields, with and without a trailing slash. A query, which Twilio sends for
// a ConversationRelay only, may be signed as part of the URL or as fields; it is never ignored.
std::expected<void, SignatureMismatch> verify_upgrade(const SigningKey& key, std::string_view wss_url,
                                                      std::string_view signature);

// Same length and same bytes, in time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace twilio
