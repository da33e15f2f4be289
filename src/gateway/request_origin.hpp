#pragma once
// Who asks, and under which address of ours: the one place that answers both. Behind a proxy the connection tells only
// of the proxy; what that says in X-Forwarded-For, -Proto and -Host counts when it is one we were told to trust, and
// from anybody else it is ignored, because anybody can write such a header.

#include "http/message.hpp"
#include "net/ip_address.hpp"
#include "net/ip_range.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct RequestOrigin {
    std::optional<net::IpAddress> address;  // of the client, as far as it can be told
    std::string client;                     // the same for the log
    std::vector<std::string> base_urls;     // "https://phone.example.org": which Twilio may have called; at least one
    bool configured = false;                // our address is the operator's word, not the request's

    const std::string& base_url() const { return base_urls.front(); }
};

class RequestOrigins {
public:
    // An empty `public_url`: what the request says. Without a trusted proxy's word that is its Host header, and both
    // schemes, because something may have taken TLS off on the way.
    RequestOrigins(const std::string& public_url, std::vector<net::IpRange> trusted_proxies);

    // `peer` is the other end of the connection, "203.0.113.7:4711". From any thread.
    RequestOrigin of(const http::Request& request, std::string_view peer) const;

private:
    struct Way;
    bool trusts(const net::IpAddress& address) const;
    Way way_of(const http::Request& request, std::string_view peer) const;

    const std::string public_url_;
    const std::vector<net::IpRange> trusted_;
    mutable std::atomic<bool> told_ = false;  // that headers are ignored
};

}  // namespace gateway
