#pragma once
// Where the API lies.

#include <string_view>

namespace gateway {

inline constexpr std::string_view api_prefix = "/api/v1/elevenlabs-twilio";

}  // namespace gateway
