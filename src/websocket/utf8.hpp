#pragma once
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.

#include <cstddef>
#include <string_view>

namespace websocket {

struct Utf8Prefix {
    std::size_t bytes;  // length of the longest prefix of whole, well-formed characters
    bool broken;        // what follows that prefix is not even the beginning of a character
};
// For text that arrives in pieces: check from the end of the last prefix, and refuse it as soon as it is broken.
Utf8Prefix utf8_prefix(std::string_view text);

inline bool is_utf8(std::string_view text) {
    return utf8_prefix(text).bytes == text.size();
}

}  // namespace websocket
