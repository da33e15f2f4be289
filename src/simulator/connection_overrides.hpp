#pragma once
// How Twilio asks a webhook, as the fragment of its URL tells it: "https://h/p#rc=2&rp=5xx". The fragment is neither
// sent nor signed. Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides

#include "net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace simulator {

struct ConnectionOverrides {
    std::chrono::milliseconds connect_max{5'000};
    std::chrono::milliseconds read_max{15'000};   // to the first packet, and from one to the next
    std::chrono::milliseconds total_max{15'000};  // of all attempts
    unsigned retries = 1;
    bool after_4xx = false, after_5xx = false;
    bool after_connect_failure = true;  // TCP or TLS
    bool after_read_timeout = false;
    bool after_all = false;  // whatever went wrong before there was an answer

    bool retry_status(int status) const;
    bool retry_failure(net::TransportError::Kind kind) const;
};

// nullopt: something in it is none of Twilio's, or out of its range.
std::optional<ConnectionOverrides> read_overrides(std::string_view fragment);

}  // namespace simulator
