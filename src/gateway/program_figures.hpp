#pragma once
// What /metrics says of the program itself: its version, and the process_* metrics that every Prometheus client has,
// read from /proc.

#include <string>
#include <string_view>

namespace gateway {

std::string_view program_version();
std::string render_program();

}  // namespace gateway
