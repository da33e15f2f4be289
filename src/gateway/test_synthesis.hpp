#pragma once
// POST /test-synthesis: say a text and get it back as a WAV file, with its timing in headers: hear a voice without a
// phone.

#include "gateway/loop_services.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace gateway {

// Body {"text": …, "voice_id": …, "voice_settings": {…}}, or the same names in the query. Answers when the speech is
// complete:
//   X-First-Audio-Ms, X-Synthesis-Ms   from the request to the first and to the last byte of speech
//   X-Audio-Ms                         how long it plays
void test_synthesis(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);

}  // namespace gateway
