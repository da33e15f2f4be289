#pragma once
// The first two bytes of a frame (RFC 6455, 5.2).

namespace websocket {

constexpr unsigned final_bit = 0x80, reserved_bits = 0x70, opcode_bits = 0x0F, mask_bit = 0x80, length_bits = 0x7F;
constexpr unsigned length_16 = 126, length_64 = 127;  // the length is in the next 2 or 8 bytes

}  // namespace websocket
