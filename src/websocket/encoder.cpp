#include "websocket/codec.hpp"
#include "websocket/frame_bits.hpp"
#include "websocket/masking.hpp"
#include "websocket/utf8.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace websocket {
namespace {

constexpr std::size_t close_reason_max = 123;  // a control frame's 125 bytes less the code
constexpr std::size_t short_header = 2, medium_header = 4, long_header = 10;

std::size_t unmasked_header_size(std::size_t payload) {
    return payload < length_16 ? short_header : payload <= 0xFFFF ? medium_header : long_header;
}

// Writes the header that belongs before `payload` bytes, without a key, and returns its end.
char* write_header(char* out, Opcode opcode, std::size_t payload, bool masked) {
    const auto put = [&out](std::size_t byte) { *out++ = static_cast<char>(static_cast<unsigned char>(byte)); };
    const std::size_t mask = masked ? mask_bit : 0;
    const std::size_t header = unmasked_header_size(payload);
    put(final_bit | static_cast<std::size_t>(opcode));
    put(mask | (header == short_header ? payload : header == medium_header ? length_16 : length_64));
    for (std::size_t bytes = header - short_header; bytes > 0; --bytes) put(payload >> (bytes - 1) * 8);
    return out;
}

// The longest beginning of `reason` that fits a close frame and ends between two characters.
std::string_view cut_reason(std::string_view reason) {
    return reason.substr(0, utf8_prefix(reason.substr(0, close_reason_max)).bytes);
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::optional<std::uint32_t> mask) {
    char header[long_header + sizeof(std::uint32_t)];
    char* end = write_header(header, opcode, payload.size(), mask.has_value());
    if (mask) {
        std::memcpy(end, &*mask, sizeof *mask);
        end += sizeof *mask;
    }
    out.append(header, end);
    out.append(payload);
    if (mask) apply_mask(out.data() + out.size() - payload.size(), payload.size(), *mask);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason, std::optional<std::uint32_t> mask) {
    if (code == close_code::none) return append_frame(out, Opcode::close, {}, mask);
    const std::string_view fitting = cut_reason(reason);
    char payload[sizeof code + close_reason_max];
    payload[0] = static_cast<char>(code >> 8);
    payload[1] = static_cast<char>(code & 0xFF);
    std::copy(fitting.begin(), fitting.end(), payload + sizeof code);
    append_frame(out, Opcode::close, {payload, sizeof code + fitting.size()}, mask);
}

std::size_t begin_text(std::string& out) {
    const std::size_t frame = out.size();
    out.append(medium_header, '\0');  // right for 126 to 65,535 bytes, which is what media messages are
    return frame;
}

void end_text(std::string& out, std::size_t frame) {
    assert(out.size() >= frame + medium_header);
    const std::size_t payload = out.size() - frame - medium_header;
    const std::size_t header = unmasked_header_size(payload);
    if (header < medium_header) out.erase(frame, medium_header - header);
    if (header > medium_header) out.insert(frame, header - medium_header, '\0');
    write_header(out.data() + frame, Opcode::text, payload, false);
}

}  // namespace websocket
