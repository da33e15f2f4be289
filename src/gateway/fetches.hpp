#pragma once
// HTTP requests of one loop whose whole answer is wanted, in the background: owned here until they are done.

#include "net/http_client.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace gateway {

struct Fetched {
    net::IncomingHead head;
    std::string body;
};

class Fetches {
public:
    Fetches(net::EventLoop& loop, net::HttpClient::Options options);
    ~Fetches();

    using Done = std::function<void(std::expected<Fetched, net::TransportError>)>;
    // `done` is called once, unless the program ends before.
    void start(net::OutgoingRequest request, Done done);
    std::size_t under_way() const { return fetches_.size(); }

private:
    class Fetch;
    void ended(Fetch& fetch);

    net::EventLoop& loop_;
    net::HttpClient http_;
    std::unordered_map<Fetch*, std::unique_ptr<Fetch>> fetches_;
};

}  // namespace gateway
