#include "websocket/masking.hpp"

#include <array>
#include <cstring>
#include <type_traits>

namespace websocket {
namespace {

constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

// Blocks of each width, as compiler vectors: SSE2 or NEON without a line of intrinsics, AVX2 where the function below
// allows it.
struct Bytes4 {
    using Block = std::uint32_t;
};
struct Bytes8 {
    using Block = std::uint64_t;
};
struct Bytes16 {
    typedef std::uint64_t Block __attribute__((vector_size(16)));
};
struct Bytes32 {
    typedef std::uint64_t Block __attribute__((vector_size(32)));
};

template <typename Width>
[[gnu::always_inline]] inline bool mask_blocks(char* bytes, std::size_t size, std::uint32_t key) {
    using Block = typename Width::Block;
    constexpr std::size_t width = sizeof(Block);
    using Lane = std::conditional_t<width == 4, std::uint32_t, std::uint64_t>;
    const auto lane_key = [](std::uint32_t k) { return static_cast<Lane>(k * 0x1'0000'0001ULL); };
    // The last block overlaps the one before it, so that no size leaves a remainder. It is read before any byte
    // changes.
    char* const last = bytes + size - width;
    Block tail;
    std::memcpy(&tail, last, width);
    tail ^= lane_key(advance_key(key, size));

    const Block repeated_key = Block{} | lane_key(key);
    Block seen = tail;
#pragma GCC unroll 4
    for (; bytes < last; bytes += width) {
        Block block;
        std::memcpy(&block, bytes, width);
        block ^= repeated_key;
        seen |= block;
        std::memcpy(bytes, &block, width);
    }
    std::memcpy(last, &tail, width);

    if constexpr (width <= 8) {
        return (seen & static_cast<Block>(high_bits)) == 0;
    } else {
        std::uint64_t any = 0;  // by index: taking the vector's address would keep it in memory
        for (std::size_t lane = 0; lane < width / sizeof(Lane); ++lane) any |= seen[lane];
        return (any & high_bits) == 0;
    }
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] bool mask_avx2(char* bytes, std::size_t size, std::uint32_t key) {
    return mask_blocks<Bytes32>(bytes, size, key);
}
const bool has_avx2 = __builtin_cpu_supports("avx2");
#endif

// At most three bytes.
bool mask_bytes(char* bytes, std::size_t size, std::uint32_t key) {
    const auto key_bytes = std::bit_cast<std::array<char, 4>>(key);
    unsigned seen = 0;
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>(bytes[i] ^ key_bytes[i % 4]);
        seen |= static_cast<unsigned char>(bytes[i]);
    }
    return seen < 0x80;
}

}  // namespace

bool apply_mask(char* bytes, std::size_t size, std::uint32_t key) {
#if defined(__x86_64__)
    if (size >= 32 && has_avx2) return mask_avx2(bytes, size, key);
#endif
    if (size >= 16) return mask_blocks<Bytes16>(bytes, size, key);
    if (size >= 8) return mask_blocks<Bytes8>(bytes, size, key);
    if (size >= 4) return mask_blocks<Bytes4>(bytes, size, key);
    return mask_bytes(bytes, size, key);
}

}  // namespace websocket
