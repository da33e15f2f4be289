#pragma once
// Sends a recording, or a part of it, as fast as the client takes it: pieces are read by the recorder's thread, and the
// next only when the last has nearly left. However long the recording, little of it is in memory.

#include "gateway/recording_directory.hpp"
#include "http/byte_range.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace gateway {

class LoopServices;

void send_recording(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange,
                    std::shared_ptr<RecordingDirectory::Opened> opened);

}  // namespace gateway
