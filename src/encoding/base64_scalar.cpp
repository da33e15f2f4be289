#include "encoding/base64_kernels.hpp"

#include <array>
#include <cstdint>

namespace encoding::base64_kernels {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t foreign =
    0xFF;  // no six-bit value has the top bit: one test after OR-ing four finds any foreigner

constexpr auto values = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(foreign);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}();

std::uint32_t value_of(char c) {
    return values[static_cast<unsigned char>(c)];
}

char letter(std::uint32_t bits) {
    return alphabet[bits & 0x3F];
}

}  // namespace

void encode_scalar(std::span<const std::byte> bytes, char* out) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3, out += 4) {
        const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out[0] = letter(bits >> 18);
        out[1] = letter(bits >> 12);
        out[2] = letter(bits >> 6);
        out[3] = letter(bits);
    }
    const std::size_t rest = bytes.size() - i;
    if (rest == 0) return;
    const std::uint32_t bits = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0U);
    out[0] = letter(bits >> 18);
    out[1] = letter(bits >> 12);
    out[2] = rest == 2 ? letter(bits >> 6) : '=';
    out[3] = '=';
}

bool decode_scalar(std::string_view quads, std::byte* out) {
    std::uint32_t seen = 0;
    for (std::size_t i = 0; i + 4 <= quads.size(); i += 4, out += 3) {
        const std::uint32_t a = value_of(quads[i]), b = value_of(quads[i + 1]);
        const std::uint32_t c = value_of(quads[i + 2]), d = value_of(quads[i + 3]);
        seen |= a | b | c | d;
        const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        out[0] = static_cast<std::byte>(bits >> 16);
        out[1] = static_cast<std::byte>(bits >> 8);
        out[2] = static_cast<std::byte>(bits);
    }
    return (seen & 0x80) == 0;
}

}  // namespace encoding::base64_kernels
