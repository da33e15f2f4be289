#pragma once
// GET /instances: the servers that share our Redis, and how many calls are open on each.

#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

struct Switchboard;
class LoopServices;

void list_instances(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange);

// What the others may know of this server: its part of SharedRegister, as JSON.
std::string instance_note(const Switchboard& switchboard);

}  // namespace gateway
