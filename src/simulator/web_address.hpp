#pragma once
// Absolute URLs as far as a call needs them: taken apart, and relative ones resolved the way Twilio resolves action
// URLs.

#include "simulator/connection_overrides.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

struct WebAddress {
    std::string scheme;               // lower case: http, https, ws, wss
    std::string authority;            // host and port as written
    std::string target;               // path and query, at least "/"
    ConnectionOverrides overrides{};  // from the fragment, which is never sent

    std::string host() const;    // without brackets
    std::uint16_t port() const;  // the scheme's when none is given
    bool loopback() const;
    std::string text() const { return scheme + "://" + authority + target; }
};

// nullopt for anything that is not such a URL.
std::optional<WebAddress> parse_address(std::string_view url);

// `reference` as seen from the document at `base` (RFC 3986 section 5, without dot segments).
std::optional<WebAddress> resolve(const WebAddress& base, std::string_view reference);

}  // namespace simulator
