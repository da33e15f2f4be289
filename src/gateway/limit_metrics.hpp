#pragma once
// How full the server is and which limits were reached, in Prometheus' text format.

#include "gateway/loop_services.hpp"

#include <string>

namespace gateway {

void render_limits(std::string& text, const Switchboard& switchboard);

}  // namespace gateway
