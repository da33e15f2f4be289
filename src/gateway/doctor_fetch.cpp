#include "gateway/doctor_fetch.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace gateway {

namespace {

// An operator waits for this, so it is shorter than a call would allow.
constexpr std::chrono::seconds connect_timeout{5}, total_timeout{10};
constexpr std::size_t body_bytes_max = 4u << 20;

struct Collector final : net::HttpClient::Listener {
    void on_head(const net::IncomingHead& head) override { fetched.head = head; }
    void on_body(std::span<const char> bytes) override { fetched.body.append(bytes.data(), bytes.size()); }
    void on_done(std::expected<void, net::TransportError> its_result) override { result = std::move(its_result); }

    Fetched fetched;
    std::optional<std::expected<void, net::TransportError>> result;
};

}  // namespace

void run_until(net::EventLoop& loop, const std::function<bool()>& done) {
    while (!done()) loop.turn(net::Instant::max());
}

std::expected<Fetched, net::TransportError> Fetcher::fetch(net::OutgoingRequest request) {
    request.connect_timeout = connect_timeout;
    request.total_timeout = total_timeout;
    request.body_bytes_max = body_bytes_max;
    Collector collector;
    const auto transfer = http_.start(std::move(request), collector);
    run_until(loop_, [&] { return collector.result.has_value(); });
    if (!*collector.result) return std::unexpected(collector.result->error());
    if (const auto date = collector.fetched.head.header("date"); !date.empty()) {
        time_told_ = {std::string(date), std::chrono::system_clock::now()};
    }
    return std::move(collector.fetched);
}

std::expected<Fetched, net::TransportError> Fetcher::get(std::string url,
                                                         std::vector<std::pair<std::string, std::string>> headers) {
    return fetch({.method = "GET", .url = std::move(url), .headers = std::move(headers), .body = {}});
}

std::string describe(const net::TransportError& error) {
    using enum net::TransportError::Kind;
    switch (error.kind) {
        case resolve:
            return "The name cannot be resolved.";
        case connect:
            return "No connection can be made.";
        case tls:
            return fmt::format("The TLS connection fails: {}.", error.reason);
        case timeout:
            return "There is no answer in time.";
        case cut_off:
            return "The connection ends before the answer does.";
        case too_large:
            return "The answer is too large to be the right one.";
        case other:
            break;
    }
    return fmt::format("The request fails: {}.", error.reason);
}

std::string advise(const net::TransportError& error) {
    using enum net::TransportError::Kind;
    switch (error.kind) {
        case resolve:
            return "Check the spelling of the address and this machine's DNS.";
        case connect:
        case timeout:
            return "Check the firewall between here and there, and the proxy settings (https_proxy).";
        case tls:
            return "Check the certificate, this machine's clock, the package ca-certificates, and proxies that open "
                   "TLS.";
        default:
            return "Check what answers at that address.";
    }
}

}  // namespace gateway
