#pragma once
// GET /voices and GET /voices/{id}.

#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

class LoopServices;

void list_voices(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);
void show_voice(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange, const std::string& voice_id);

}  // namespace gateway
