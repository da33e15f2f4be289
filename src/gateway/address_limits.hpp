#pragma once
// How often one client address may ask, and how often it may be turned down. Signed requests of Twilio are never
// limited here: they come from few addresses, and their signature is checked first.

#include "gateway/rate_limit.hpp"
#include "http/message.hpp"
#include "net/ip_address.hpp"
#include "net/ip_range.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace gateway {

// 429, with the time after which it is worth asking again.
http::Response too_many_requests(std::chrono::milliseconds wait, std::string_view detail);

class AddressLimits {
public:
    struct Options {
        double requests_per_second = 100;  // of the API and the open pages; 0: no limit
        double refusals_per_second = 10;   // wrong keys, wrong signatures, addresses that do not exist; 0: no limit
    };
    // Nobody in `unlimited` is limited.
    AddressLimits(const Options& options, std::vector<net::IpRange> unlimited);

    // The answer to give instead, when there are too many.
    std::optional<http::Response> request(const std::optional<net::IpAddress>& client, net::Instant now);
    std::optional<http::Response> refusal(const std::optional<net::IpAddress>& client, net::Instant now);

private:
    std::optional<http::Response> take(RateLimit& limit, const std::optional<net::IpAddress>& client, net::Instant now);

    static constexpr double burst_seconds = 10;

    const std::vector<net::IpRange> unlimited_;
    RateLimit requests_, refusals_;
};

}  // namespace gateway
