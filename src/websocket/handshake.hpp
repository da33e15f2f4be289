#pragma once
// The opening handshake of RFC 6455 section 4, as values. Neither side ever offers or accepts an extension or a
// subprotocol.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace websocket {

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_for(std::string_view key);

// The request fields an upgrade needs; filled from an HTTP request by whoever parsed it. Empty = header absent.
struct UpgradeHeaders {
    std::string_view method, connection, upgrade, version, key;
};

enum class UpgradeError {
    not_get,
    not_an_upgrade,  // Connection / Upgrade do not ask for websocket
    bad_version,     // answer 426 with Sec-WebSocket-Version: 13
    bad_key,         // not 16 base64-encoded bytes
};

// The complete 101 response.
std::expected<std::string, UpgradeError> answer_upgrade(const UpgradeHeaders& headers);

// A client's side: request text, and the check of the response.
std::string new_key(std::string_view sixteen_random_bytes);
struct UpgradeRequest {
    std::string host, target, key;
    std::vector<std::pair<std::string, std::string>> headers;  // further ones; line ends in them are dropped
};
std::string write_upgrade_request(const UpgradeRequest& request);

struct UpgradeResponse {
    int status = 0;                // 101 when accepted
    std::string body;              // of a refusal, for the log: up to 8 KB of what Content-Length announces
    std::size_t header_bytes = 0;  // WebSocket bytes start here when status is 101
};
enum class ResponseError {
    malformed,           // not HTTP, or a 101 that is not about a WebSocket
    too_large,           // a header of more than 16 KB
    wrong_accept,        // an answer, but not to our key
    unwanted_extension,  // or a subprotocol: we ask for neither
};
// `received` is everything so far. Status 0 means more input is needed. `ended`: the peer has closed, no more will
// come, and a refusal cut short is given as it is.
std::expected<UpgradeResponse, ResponseError> read_upgrade_response(std::string_view received, std::string_view key,
                                                                    bool ended = false);

}  // namespace websocket
