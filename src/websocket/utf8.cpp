#include "websocket/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace websocket {
namespace {

// What a first byte announces: how long the character is, and the range of its second byte, in which the overlong
// forms, the surrogates and everything above U+10FFFF show themselves (Unicode, table 3-7). Further bytes are
// always 80..BF.
struct Lead {
    std::size_t length;  // 0: never a first byte
    unsigned char second_min, second_max;
};

constexpr Lead lead(unsigned char byte) {
    if (byte < 0xC2) return {0, 0, 0};  // a continuation byte, or an overlong form of ASCII
    if (byte < 0xE0) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

// The first byte at or after `p` that may not be ASCII; looks at 32 bytes at a time.
const char* skip_ascii(const char* p, const char* end) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::uint64_t words[4];
    while (static_cast<std::size_t>(end - p) >= sizeof words) {
        std::memcpy(words, p, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
        p += sizeof words;
    }
    while (p < end && static_cast<unsigned char>(*p) < 0x80) ++p;
    return p;
}

}  // namespace

Utf8Prefix utf8_prefix(std::string_view text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* p = begin;
    while ((p = skip_ascii(p, end)) < end) {
        const Lead first = lead(static_cast<unsigned char>(*p));
        const auto whole = static_cast<std::size_t>(p - begin);
        if (first.length == 0) return {whole, true};
        const std::size_t here = std::min(first.length, static_cast<std::size_t>(end - p));
        for (std::size_t i = 1; i < here; ++i) {
            const auto byte = static_cast<unsigned char>(p[i]);
            const unsigned char low = i == 1 ? first.second_min : 0x80, high = i == 1 ? first.second_max : 0xBF;
            if (byte < low || byte > high) return {whole, true};
        }
        if (here < first.length) return {whole, false};
        p += first.length;
    }
    return {text.size(), false};
}

}  // namespace websocket
