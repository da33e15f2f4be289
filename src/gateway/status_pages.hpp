#pragma once
// What the server says of itself: health and open connections.

#include "gateway/loop_services.hpp"
#include "http/message.hpp"

namespace gateway {

http::Response health(const Switchboard& switchboard);       // GET /test
http::Response readiness(const Switchboard& switchboard);    // GET /ready: 503 while draining
http::Response connections(const Switchboard& switchboard);  // GET /connections

}  // namespace gateway
