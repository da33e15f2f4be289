#pragma once
// What the server says of itself: health and open connections.

#include "gateway/loop_services.hpp"
#include "http/message.hpp"
#include "net/http_server.hpp"

#include <boost/json/fwd.hpp>

namespace gateway {

// GET /test. A stranger hears whether the server lives; who is known hears how it is set up as well.
http::Response health(const Switchboard& switchboard, bool known);
http::Response readiness(const Switchboard& switchboard);                              // GET /ready: 503 while draining
void connections(LoopServices& home, const std::shared_ptr<net::Exchange>& exchange);  // GET /connections
// What the console shows of the server, and what it offers.
boost::json::object server_page(const Switchboard& switchboard);

}  // namespace gateway
