#pragma once
// Keeps a few connections to ElevenLabs open, so that a sentence finds one: on a new one it would wait two round
// trips more (TCP, TLS). A request for nothing opens them and keeps them from being closed as idle; it carries no key
// and costs nothing.

#include "net/event_loop.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace gateway {

class ConnectionsAhead {
public:
    struct Options {
        std::string url;  // "https://api.elevenlabs.io"
        std::size_t connections = 1;
        // libcurl closes what has idled for 118 s, many servers after 60 to 75.
        std::chrono::milliseconds every{50'000};
    };

    // Begins at once. Both must outlive this.
    ConnectionsAhead(net::EventLoop& loop, net::HttpClient& http, Options options);

    std::size_t answered() const { return deaf_.done; }  // since the start, refusals and failures included

private:
    // Whatever is answered, the connection is there; and if it is not, the next time will tell.
    struct Deaf final : net::HttpClient::Listener {
        void on_head(const net::IncomingHead&) override {}
        void on_body(std::span<const char>) override {}
        void on_done(std::expected<void, net::TransportError>) override { ++done; }
        std::size_t done = 0;
    };
    void knock();

    net::EventLoop& loop_;
    net::HttpClient& http_;
    const Options options_;
    Deaf deaf_;
    std::vector<std::unique_ptr<net::HttpClient::Transfer>> knocks_;
    net::Timer next_;
};

}  // namespace gateway
