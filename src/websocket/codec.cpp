#include "websocket/codec.hpp"

#include "websocket/frame_bits.hpp"
#include "websocket/masking.hpp"
#include "websocket/utf8.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

// A frame (RFC 6455 section 5.2):
//   FIN 1 bit | RSV 3 | opcode 4 | MASK 1 | length 7 (126: 16 bits follow, 127: 64 bits follow) | key 32, if MASK |
//   payload

// The steps every frame takes, as one function: with a call each, a 382-byte frame costs a third more instructions.
#define HOT [[gnu::always_inline]] inline

namespace websocket {
namespace {

constexpr unsigned control_bit = 8;
constexpr std::size_t control_payload_max = 125;
constexpr unsigned known_opcodes = 0b0111'0000'0111;  // one bit for each

constexpr Violation reserved_bit_set{close_code::protocol_error, "reserved bit set without an extension"};
constexpr Violation unknown_opcode{close_code::protocol_error, "unknown opcode"};
constexpr Violation mask_missing{close_code::protocol_error, "a client's frame must be masked"};
constexpr Violation mask_forbidden{close_code::protocol_error, "a server's frame must not be masked"};
constexpr Violation control_fragmented{close_code::protocol_error, "fragmented control frame"};
constexpr Violation control_too_long{close_code::protocol_error, "control frame of more than 125 bytes"};
constexpr Violation nothing_to_continue{close_code::protocol_error, "continuation without a message"};
constexpr Violation message_interrupted{close_code::protocol_error, "new message inside a fragmented one"};
constexpr Violation length_not_minimal{close_code::protocol_error, "length not in its shortest form"};
constexpr Violation length_overflow{close_code::protocol_error, "length with its top bit set"};
constexpr Violation message_too_big{close_code::too_big, "message too big"};
constexpr Violation text_not_utf8{close_code::bad_payload, "text is not UTF-8"};
constexpr Violation close_cut{close_code::protocol_error, "close frame with half a code"};
constexpr Violation close_code_invalid{close_code::protocol_error, "invalid close code"};
constexpr Violation reason_not_utf8{close_code::bad_payload, "close reason is not UTF-8"};

std::size_t header_size(unsigned second) {
    const unsigned length = second & length_bits;
    return 2 + (length == length_16 ? 2U : length == length_64 ? 8U : 0U) + ((second & mask_bit) != 0 ? 4U : 0U);
}

unsigned byte(char c) {
    return static_cast<unsigned char>(c);
}

// Section 7.4 and the codes registered with IANA since; 1004 to 1006 and 1015 never travel.
bool may_travel(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void release(std::string& buffer) {
    std::string().swap(buffer);
}  // clear() would keep its memory

}  // namespace

Decoder::Decoder(Options options)
    : message_bytes_max_(options.message_bytes_max), masked_(options.role == Role::server) {}

void Decoder::feed(std::span<char> input) {
    assert(position_ == end_ && "next() has not returned nullopt yet");
    position_ = input.data();
    end_ = position_ + input.size();
}

// What the first two bytes can get wrong, so that it is refused before anything else of the frame has come.
HOT const Violation* Decoder::check_start(unsigned first, unsigned second) const {
    const unsigned opcode = first & opcode_bits;
    if ((first & reserved_bits) != 0) return &reserved_bit_set;
    if ((known_opcodes >> opcode & 1U) == 0) return &unknown_opcode;
    if (((second & mask_bit) != 0) != masked_) return masked_ ? &mask_missing : &mask_forbidden;
    if ((opcode & control_bit) != 0) {
        if ((first & final_bit) == 0) return &control_fragmented;
        return (second & length_bits) > control_payload_max ? &control_too_long : nullptr;
    }
    const bool continues = opcode == 0, in_message = message_opcode_ != Opcode::continuation;
    if (continues == in_message) return nullptr;
    return continues ? &nothing_to_continue : &message_interrupted;
}

HOT const Violation* Decoder::begin_frame(const char* header) {
    const unsigned first = byte(header[0]);
    std::uint64_t length = byte(header[1]) & length_bits;
    header += 2;
    if (length == length_16) {
        length = byte(header[0]) << 8 | byte(header[1]);
        if (length < length_16) return &length_not_minimal;
        header += 2;
    } else if (length == length_64) {
        length = 0;
        for (int i = 0; i < 8; ++i) length = length << 8 | byte(*header++);
        if (length >> 63 != 0) return &length_overflow;
        if (length <= 0xFFFF) return &length_not_minimal;
    }
    if (masked_) std::memcpy(&key_, header, sizeof key_);

    opcode_ = static_cast<Opcode>(first & opcode_bits);
    final_ = (first & final_bit) != 0;
    if (!is_control()) {
        // Decided here, before a byte is kept: message_ never grows beyond the limit.
        if (length > message_bytes_max_ || message_.size() > message_bytes_max_ - length) return &message_too_big;
        if (opcode_ != Opcode::continuation) message_opcode_ = opcode_;
    }
    payload_left_ = length;
    in_frame_ = true;
    return nullptr;
}

// Begins the next frame if its header is all there.
HOT const Violation* Decoder::read_header() {
    const auto available = static_cast<std::size_t>(end_ - position_);
    if (header_bytes_ != 0 || available < 2) return gather_header();
    const unsigned second = byte(position_[1]);
    if (const Violation* wrong = check_start(byte(position_[0]), second)) return wrong;
    const std::size_t size = header_size(second);
    if (available < size) return gather_header();
    return begin_frame(std::exchange(position_, position_ + size));
}

// The same for a header that the end of an input has cut.
const Violation* Decoder::gather_header() {
    while (position_ != end_) {
        header_[header_bytes_++] = *position_++;
        if (header_bytes_ < 2) continue;
        const unsigned second = byte(header_[1]);
        if (header_bytes_ == 2)
            if (const Violation* wrong = check_start(byte(header_[0]), second)) return wrong;
        if (header_bytes_ == header_size(second)) {
            header_bytes_ = 0;
            return begin_frame(header_.data());
        }
    }
    return nullptr;
}

// Takes what there is of the payload and gives it when that was all of a message: a view of the input.
HOT std::optional<Decoder::Payload> Decoder::read_payload(const Violation*& wrong) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, static_cast<std::uint64_t>(end_ - position_)));
    char* const bytes = std::exchange(position_, position_ + size);
    bool ascii = false;
    if (masked_) {
        ascii = apply_mask(bytes, size, key_);
        key_ = advance_key(key_, size);
    }
    payload_left_ -= size;
    if (payload_left_ == 0 && final_ && (is_control() ? control_ : message_).empty())
        return Payload{{bytes, size}, ascii};
    return hold({bytes, size}, wrong);
}

// Keeps a part of a message, and gives the whole when it was the last: a view of the buffer it was gathered in.
std::optional<Decoder::Payload> Decoder::hold(std::string_view part, const Violation*& wrong) {
    std::string& held = is_control() ? control_ : message_;
    held.append(part);
    holds_ = true;
    if (!is_control() && message_opcode_ == Opcode::text) wrong = check_held_text();
    if (payload_left_ != 0 || !final_) return std::nullopt;
    return Payload{held, !is_control()};
}

// Fails as soon as the bytes so far can not become UTF-8 (section 8.1 asks for no less than at the end of the message).
const Violation* Decoder::check_held_text() {
    const auto prefix = utf8_prefix(std::string_view(message_).substr(message_valid_));
    message_valid_ += prefix.bytes;
    const bool ended = payload_left_ == 0 && final_;
    return prefix.broken || (ended && message_valid_ != message_.size()) ? &text_not_utf8 : nullptr;
}

Decoder::Result Decoder::next() {
    if (holds_) release_delivered();
    if (finished_) position_ = end_;
    if (position_ == end_ && !in_frame_) return std::nullopt;
    return next_event();
}

Decoder::Result Decoder::next_event() {
    do {
        if (!in_frame_) {
            if (const Violation* wrong = read_header()) return fail(*wrong);
            if (!in_frame_) return std::nullopt;
        }
        const Violation* wrong = nullptr;
        const auto payload = read_payload(wrong);
        if (wrong != nullptr) return fail(*wrong);
        if (payload_left_ > 0) return std::nullopt;
        in_frame_ = false;
        if (payload) return finish_frame(*payload);
    } while (position_ != end_);
    return std::nullopt;
}

HOT Decoder::Result Decoder::finish_frame(const Payload& payload) {
    if (is_control()) return finish_control(payload.bytes);
    if (std::exchange(message_opcode_, Opcode::continuation) == Opcode::binary) return Event{Binary{payload.bytes}};
    if (!payload.known_utf8 && !is_utf8(payload.bytes)) return fail(text_not_utf8);
    return Event{Text{payload.bytes}};
}

Decoder::Result Decoder::finish_control(std::string_view payload) {
    if (opcode_ == Opcode::ping) return Event{Ping{payload}};
    if (opcode_ == Opcode::pong) return Event{Pong{payload}};
    return finish_close(payload);
}

Decoder::Result Decoder::finish_close(std::string_view payload) {
    if (payload.size() == 1) return fail(close_cut);
    Close close{close_code::none, {}};
    if (payload.size() >= 2) {
        close = {static_cast<std::uint16_t>(byte(payload[0]) << 8 | byte(payload[1])), payload.substr(2)};
        if (!may_travel(close.code)) return fail(close_code_invalid);
        if (!is_utf8(close.reason)) return fail(reason_not_utf8);
    }
    finish();
    return Event{close};
}

// What else has come, and what will, is dropped.
void Decoder::finish() {
    finished_ = true;
    in_frame_ = false;
    position_ = end_;
}

Decoder::Result Decoder::fail(const Violation& violation) {
    finish();
    release(message_);
    release(control_);
    return std::unexpected(violation);
}

// Frees what the last event was a view of.
void Decoder::release_delivered() {
    if (!in_frame_ || !is_control()) release(control_);
    if (message_opcode_ == Opcode::continuation || finished_) {
        release(message_);
        message_valid_ = 0;
    }
    holds_ = !message_.empty() || !control_.empty();
}

}  // namespace websocket
