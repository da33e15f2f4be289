#pragma once
// The API's way to recordings: listed, fetched (whole or a part), removed. Answers come from the recorder's thread, so
// that no loop waits for the disk.

#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

class LoopServices;

// GET /recordings[?call_sid=…&limit=…]
void list_recordings(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);
// GET /recordings/{name}
void fetch_recording(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange, const std::string& name);
// DELETE /recordings/{name}
void remove_recording(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange, const std::string& name);

}  // namespace gateway
