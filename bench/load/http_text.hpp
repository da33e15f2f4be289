#pragma once
// As much of HTTP/1.1 as a load needs: whole messages with a Content-Length, or without a body.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <strings.h>

namespace bench {

struct HttpText {
    std::size_t bytes = 0;  // head and body; 0: not all of it is there yet
    std::string_view head, body;
};

// The value of a field of the head, by its name in any case; empty when there is none.
inline std::string_view field_of(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        const std::string_view value = line.substr(name.size() + 1);
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

inline HttpText first_message(std::string_view received) {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return {};
    const std::string_view head = received.substr(0, end + 2);
    const std::string_view length = field_of(head, "content-length");
    std::size_t body = 0;
    std::from_chars(length.data(), length.data() + length.size(), body);
    if (received.size() < end + 4 + body) return {};
    return {.bytes = end + 4 + body, .head = head, .body = received.substr(end + 4, body)};
}

}  // namespace bench
