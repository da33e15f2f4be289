#pragma once
// The payload masking of RFC 6455 section 5.3. It runs over every byte a caller sends, so it also tells, at no further
// cost, whether those bytes were all ASCII: text that is needs no UTF-8 check.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace websocket {

// XORs `size` bytes in place with the key (in memory order, as on the wire). True when the result is pure ASCII.
bool apply_mask(char* bytes, std::size_t size, std::uint32_t key);

// The key as it stands `offset` bytes further into the payload.
constexpr std::uint32_t advance_key(std::uint32_t key, std::size_t offset) {
    const int bits = static_cast<int>(offset % 4 * 8);
    return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

}  // namespace websocket
