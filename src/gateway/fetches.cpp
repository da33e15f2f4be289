#include "gateway/fetches.hpp"

#include <utility>

namespace gateway {

class Fetches::Fetch final : private net::HttpClient::Listener {
public:
    Fetch(Fetches& owner, net::OutgoingRequest request, Done done)
        : owner_(owner), done_(std::move(done)), transfer_(owner.http_.start(std::move(request), *this)) {}

private:
    void on_head(const net::IncomingHead& head) override { fetched_.head = head; }
    void on_body(std::span<const char> bytes) override { fetched_.body.append(bytes.data(), bytes.size()); }
    void on_done(std::expected<void, net::TransportError> result) override {
        const Done done = std::move(done_);
        auto answer = result ? std::expected<Fetched, net::TransportError>(std::move(fetched_))
                             : std::unexpected(std::move(result.error()));
        owner_.ended(*this);
        done(std::move(answer));
    }

    Fetches& owner_;
    Done done_;
    Fetched fetched_;
    std::unique_ptr<net::HttpClient::Transfer> transfer_;
};

Fetches::Fetches(net::EventLoop& loop, net::HttpClient::Options options)
    : loop_(loop), http_(loop, std::move(options)) {}

Fetches::~Fetches() = default;

void Fetches::start(net::OutgoingRequest request, Done done) {
    auto fetch = std::make_unique<Fetch>(*this, std::move(request), std::move(done));
    Fetch& started = *fetch;
    fetches_.emplace(&started, std::move(fetch));
}

void Fetches::ended(Fetch& fetch) {
    loop_.retire(std::move(fetches_.extract(&fetch).mapped()));
}

}  // namespace gateway
