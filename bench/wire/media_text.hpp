#pragma once
// Where the few things stand that a bare server or a caller needs from a Media Streams message. For texts of peers that
// are known; both `"event":"media"` and `"event": "media"` are understood.

#include <cstring>
#include <string_view>

namespace bench {

// The string value of the first member named `quoted_name` (with its quotes); empty when there is none.
inline std::string_view text_of(std::string_view message, std::string_view quoted_name) {
    const char* end = message.data() + message.size();
    const void* found = ::memmem(message.data(), message.size(), quoted_name.data(), quoted_name.size());
    if (found == nullptr) return {};
    const char* at = static_cast<const char*>(found) + quoted_name.size();
    while (at < end && (*at == ':' || *at == ' ')) ++at;
    if (at == end || *at != '"') return {};
    ++at;
    const void* close = ::memchr(at, '"', static_cast<std::size_t>(end - at));
    if (close == nullptr) return {};
    return {at, static_cast<std::size_t>(static_cast<const char*>(close) - at)};
}

}  // namespace bench
