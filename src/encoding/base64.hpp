#pragma once
// Base64 (RFC 4648 section 4, with padding), both ways. AVX2 where the processor has it, scalar elsewhere; the two
// agree byte for byte.

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace encoding {

enum class Base64Error {
    bad_length,     // not a multiple of four characters
    bad_character,  // outside the alphabet, or padding in the wrong place
};

constexpr std::size_t base64_size(std::size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

void append_base64(std::string& out, std::span<const std::byte> bytes);
std::string to_base64(std::span<const std::byte> bytes);

// Strict about alphabet, length and the place of padding: no line breaks, no missing '='. The bits that padding leaves
// over in the last character are not looked at, as RFC 4648 section 3.5 permits: RFC 6455 section 4.1 itself shows a
// key ("...PEC==") where they are not zero.
std::expected<std::vector<std::byte>, Base64Error> from_base64(std::string_view text);
// Appends to `out`, which is unchanged on error. Saves the allocation when the caller reuses a buffer.
std::expected<void, Base64Error> append_from_base64(std::vector<std::byte>& out, std::string_view text);

}  // namespace encoding
