#pragma once
// GET /metrics: what calls have counted, the cache's figures, and the state of every loop's circuits. Those belong to
// their loops, so each is asked, and the answer is given when all have told.

#include "gateway/loop_services.hpp"
#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

void metrics(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);

// mouthpiece_cache_* in Prometheus' text format; `files` may be null.
std::string render_cache(const speech::ClipMemory& memory, const ClipFiles* files);

}  // namespace gateway
