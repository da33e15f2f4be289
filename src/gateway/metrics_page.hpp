#pragma once
// GET /metrics, described in docs/metrics.md: what calls have counted, figures of the cache and of the program, and
// every loop's circuits and budget. Those belong to their loops, so each is asked, and the answer is given when all
// have told.

#include "gateway/loop_services.hpp"
#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

void metrics(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);

// mouthpiece_cache_* in Prometheus' text format; `files` may be null.
std::string render_cache(const speech::ClipMemory& memory, const ClipFiles* files, const SharedClipCounts* shared);

// mouthpiece_number_rules, mouthpiece_numbers_file_*
std::string render_numbers(const NumbersFile& numbers);

// mouthpiece_recording*
std::string render_recordings(const Recorder& recorder);

// mouthpiece_tls_*
std::string render_certificate(const Certificate& certificate);

}  // namespace gateway
