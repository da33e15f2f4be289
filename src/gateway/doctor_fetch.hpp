#pragma once
// HTTP requests one after another, for a program that has nothing else to do meanwhile.

#include "gateway/fetches.hpp"
#include "net/event_loop.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway {

class Fetcher {
public:
    explicit Fetcher(net::EventLoop& loop, net::HttpClient::Options options = {})
        : loop_(loop), http_(loop, std::move(options)) {}

    // Runs the loop until the answer is there; bounded in time and size.
    std::expected<Fetched, net::TransportError> fetch(net::OutgoingRequest request);
    std::expected<Fetched, net::TransportError> get(std::string url,
                                                    std::vector<std::pair<std::string, std::string>> headers = {});

    // What a server said the time was, and what it was here when it said so.
    struct TimeTold {
        std::string date_header;
        std::chrono::system_clock::time_point heard;
    };
    const std::optional<TimeTold>& time_told() const { return time_told_; }

    net::EventLoop& loop() { return loop_; }
    net::HttpClient& http() { return http_; }

private:
    net::EventLoop& loop_;
    net::HttpClient http_;
    std::optional<TimeTold> time_told_;
};

// Runs the loop until `done()`, which something on the loop brings about.
void run_until(net::EventLoop& loop, const std::function<bool()>& done);

// "The name cannot be resolved." and what to do about it, for people.
std::string describe(const net::TransportError& error);
std::string advise(const net::TransportError& error);

}  // namespace gateway
