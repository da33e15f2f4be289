#pragma once
// The API's description, assets/openapi.json, which is built into the program. Tests hold it and the routes to each
// other.

#include <string_view>

namespace gateway {

std::string_view openapi_document();

}  // namespace gateway
