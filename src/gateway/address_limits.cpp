#include "gateway/address_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace gateway {

http::Response too_many_requests(std::chrono::milliseconds wait, std::string_view detail) {
    auto response = http::error(429, detail);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    response.headers.emplace_back("Retry-After", fmt::format("{}", std::max<std::int64_t>(seconds.count(), 1)));
    return response;
}

AddressLimits::AddressLimits(const Options& options, std::vector<net::IpRange> unlimited)
    : unlimited_(std::move(unlimited)),
      requests_({.per_second = options.requests_per_second, .burst = options.requests_per_second * burst_seconds}),
      refusals_({.per_second = options.refusals_per_second, .burst = options.refusals_per_second * burst_seconds}) {}

std::optional<http::Response> AddressLimits::request(const std::optional<net::IpAddress>& client, net::Instant now) {
    return take(requests_, client, now);
}

std::optional<http::Response> AddressLimits::refusal(const std::optional<net::IpAddress>& client, net::Instant now) {
    return take(refusals_, client, now);
}

std::optional<http::Response> AddressLimits::take(RateLimit& limit, const std::optional<net::IpAddress>& client,
                                                  net::Instant now) {
    if (client && net::contains(unlimited_, *client)) return std::nullopt;
    const auto wait = limit.take(client ? client->subscriber().text() : std::string(), now);
    if (!wait) return std::nullopt;
    return too_many_requests(*wait, "This address asks too often.");
}

}  // namespace gateway
