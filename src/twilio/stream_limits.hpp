#pragma once
// Bounds that only the two readers of stream messages need; the public ones stand in stream_message.hpp.

#include <cstddef>

namespace twilio::limits {

inline constexpr std::size_t event_bytes_max = 64;
inline constexpr std::size_t track_bytes_max = 64;
inline constexpr std::size_t encoding_bytes_max = 64;
inline constexpr std::size_t counter_digits_max = 15;  // fits every integer type used, and a double
inline constexpr int sample_rate_hz_max = 192'000;

}  // namespace twilio::limits
