#pragma once
// Who asks, and under which address of ours: the one place that answers both. Behind a proxy the connection tells only
// of the proxy; what that says in X-Forwarded-For, -Proto, -Host and -Prefix counts when it is one we were told to
// trust, and from anybody else it is ignored, because anybody can write such a header.

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
    std::string peer;                       // the other end of the connection
    std::vector<std::string> base_urls;     // "https://phone.example.org": which Twilio may have called; at least one
    std::string return_url;                 // under which it comes back to this very server for the rest of a call
    bool configured = false;                // our address is the operator's word, not the request's

    const std::string& base_url() const { return base_urls.front(); }
    std::string client() const { return address ? address->text() : peer; }  // for the log
};

// A browser says of which page a request is (the Origin header): whether that page came from this server.
bool is_of_our_page(const http::Request& request, const RequestOrigin& origin);

class RequestOrigins {
public:
    struct Options {
        // Empty: what the request says. Without a trusted proxy's word that is its Host header, and both schemes,
        // because something may have taken TLS off on the way.
        std::string public_url;
        std::string instance_url;  // of this one among several servers behind public_url; empty: there is only one
        std::vector<net::IpRange> trusted_proxies;
    };
    explicit RequestOrigins(Options options);

    // `peer` is the other end of the connection, "203.0.113.7:4711". From any thread.
    RequestOrigin of(const http::Request& request, std::string_view peer) const;

private:
    struct Way;
    Way way_of(const http::Request& request, std::string_view peer) const;
    static std::vector<std::string> base_urls_of(const http::Request& request, std::size_t proxies);

    Options options_;
    mutable std::atomic<bool> told_ = false;  // that headers are ignored
};

}  // namespace gateway
