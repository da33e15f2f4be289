#pragma once
// What the cache holds and how often it served, and a way to empty it: after a voice was changed under the same id,
// what was said before is no longer what would be said now.

#include "gateway/loop_services.hpp"
#include "http/message.hpp"

namespace gateway {

http::Response cache_figures(const Switchboard& switchboard);  // GET /cache
// DELETE /cache: memory at once, the disk behind what is being written to it. What is being said now is kept when it
// has been said. Answers with the figures from before.
http::Response purge_cache(Switchboard& switchboard);

}  // namespace gateway
