#include "gateway/connections_ahead.hpp"

#include <utility>

namespace gateway {

ConnectionsAhead::ConnectionsAhead(net::EventLoop& loop, net::HttpClient& http, Options options)
    : loop_(loop), http_(http), options_(std::move(options)), next_(loop.timers(), [this] { knock(); }) {
    next_.arm(loop.now());
}

// All at once: one after another they would share a connection.
void ConnectionsAhead::knock() {
    knocks_.clear();
    for (std::size_t i = 0; i < options_.connections; ++i) {
        knocks_.push_back(http_.start({.method = "HEAD",
                                       .url = options_.url + "/",
                                       .headers = {},
                                       .body = {},
                                       .total_timeout = std::chrono::seconds(10)},
                                      deaf_));
    }
    next_.arm(loop_.now() + options_.every);
}

}  // namespace gateway
