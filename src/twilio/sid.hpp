#pragma once
// Twilio's identifiers: two letters and 32 hexadecimal digits (CA… a call, MZ… a stream, AC… an account). Others who
// speak the dialect, and tests, use names of their own, so the rule here is only what keeps a log line and an XML
// attribute whole.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace twilio {

inline constexpr std::size_t sid_bytes_max = 128;

// 1 to 128 letters, digits and "_-.:".
inline bool is_sid(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
               c == '.' || c == ':';
    };
    return !text.empty() && text.size() <= sid_bytes_max && std::ranges::all_of(text, allowed);
}

}  // namespace twilio
