#include "wire/frame.hpp"

#include <cstring>

namespace bench {

namespace {

std::uint64_t big_endian(const char* bytes, int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

}  // namespace

void apply_mask(char* bytes, std::size_t size, std::uint32_t mask) {
    const std::uint64_t twice = mask | std::uint64_t{mask} << 32;
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + at, 8);
        word ^= twice;
        std::memcpy(bytes + at, &word, 8);
    }
    for (; at < size; ++at) bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(mask >> at % 4 * 8));
}

Frame read_frame(std::span<char> input) {
    if (input.size() < 2) return {};
    const auto second = static_cast<unsigned char>(input[1]);
    const bool masked = (second & 0x80U) != 0;
    const int length_bytes = (second & 0x7FU) == 126 ? 2 : (second & 0x7FU) == 127 ? 8 : 0;
    const std::size_t header = 2 + static_cast<std::size_t>(length_bytes) + (masked ? 4 : 0);
    if (input.size() < header) return {};
    const std::uint64_t payload = length_bytes == 0 ? second & 0x7FU : big_endian(input.data() + 2, length_bytes);
    if (payload > input.size() - header) return {};
    const auto size = static_cast<std::size_t>(payload);
    const std::span<char> bytes = input.subspan(header, size);
    if (masked) {
        std::uint32_t mask = 0;
        std::memcpy(&mask, input.data() + header - 4, 4);
        apply_mask(bytes.data(), size, mask);
    }
    return {.bytes = header + size, .opcode = static_cast<std::uint8_t>(input[0] & 0x0F), .payload = bytes};
}

std::size_t write_header(char* out, std::uint8_t opcode, std::size_t payload_bytes, const std::uint32_t* mask) {
    std::size_t at = 0;
    const int masked = mask != nullptr ? 0x80 : 0;
    const int length_bytes = payload_bytes < 126 ? 0 : payload_bytes < 65536 ? 2 : 8;
    out[at++] = static_cast<char>(0x80 | opcode);
    out[at++] = static_cast<char>(masked | (length_bytes == 0   ? static_cast<int>(payload_bytes)
                                            : length_bytes == 2 ? 126
                                                                : 127));
    for (int i = length_bytes; i-- > 0;) out[at++] = static_cast<char>(payload_bytes >> i * 8);
    if (mask != nullptr) {
        std::memcpy(out + at, mask, 4);
        at += 4;
    }
    return at;
}

void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload, std::uint32_t mask) {
    char header[frame_header_max];
    out.append(header, write_header(header, opcode, payload.size(), &mask));
    const std::size_t begin = out.size();
    out.append(payload);
    apply_mask(out.data() + begin, payload.size(), mask);
}

}  // namespace bench
