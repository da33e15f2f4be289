#pragma once
// RFC 6455 frames <-> messages, without I/O. One codec for both ends: a server reads masked frames and writes unmasked
// ones, a client the reverse. No extension is ever negotiated, so the RSV bits must be zero.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace websocket {

enum class Role { server, client };
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

namespace close_code {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, unsupported = 1003, none = 1005,
                               lost = 1006, bad_payload = 1007, policy = 1008, too_big = 1009, internal = 1011,
                               restart = 1012;
}

// Views into the decoder's input or its own buffer: valid until the next call to the decoder.
struct Text {
    std::string_view text;  // valid UTF-8
};
struct Binary {
    std::span<const char> bytes;
};
struct Ping {
    std::span<const char> payload;
};
struct Pong {
    std::span<const char> payload;
};
struct Close {
    std::uint16_t code;  // close_code::none when the peer gave none
    std::string_view reason;
};

using Event = std::variant<Text, Binary, Ping, Pong, Close>;

// The peer broke the protocol or a limit: send this close code, then drop the connection.
struct Violation {
    std::uint16_t code;
    const char* what;
};

class Decoder {
public:
    struct Options {
        Role role = Role::server;
        std::size_t message_bytes_max = 64 * 1024;
    };
    explicit Decoder(Options options);
    Decoder(Decoder&&) noexcept = default;
    Decoder& operator=(Decoder&&) noexcept = default;

    // Gives the decoder new input, when it has used up the last one. It unmasks in place and may keep views into
    // `input` until next() has returned nullopt, at which point everything has been consumed: what is left of a message
    // is copied inside.
    void feed(std::span<char> input);

    // The next event, nullopt when more input is needed, or what the peer did wrong. After a Close or a violation the
    // decoder is finished: it swallows whatever else it is fed.
    std::expected<std::optional<Event>, Violation> next();

    // Input bytes not consumed yet, still as they came. To hand a connection over in the middle of its input: what
    // feed() got and next() did not use. The decoder goes along (it is movable; events it gave are no longer valid) or,
    // where no message was begun, the bytes go to a new one.
    std::span<const char> unread() const { return {position_, end_}; }

private:
    using Result = std::expected<std::optional<Event>, Violation>;
    struct Payload {
        std::string_view bytes;
        bool known_utf8;
    };

    Result next_event();
    const Violation* read_header();
    const Violation* gather_header();
    const Violation* check_start(unsigned first, unsigned second) const;
    const Violation* begin_frame(const char* header);
    std::optional<Payload> read_payload(const Violation*& wrong);
    std::optional<Payload> hold(std::string_view part, const Violation*& wrong);
    const Violation* check_held_text();
    Result finish_frame(const Payload& payload);
    Result finish_control(std::string_view payload);
    Result finish_close(std::string_view payload);
    void finish();
    Result fail(const Violation& violation);
    bool is_control() const { return (static_cast<unsigned>(opcode_) & 8U) != 0; }
    void release_delivered();

    char* position_ = nullptr;
    char* end_ = nullptr;
    std::size_t message_bytes_max_;
    std::uint64_t payload_left_ = 0;  // bytes of the current frame still to come
    std::uint32_t key_ = 0;           // as it stands for the next payload byte

    // What the end of an input cut off. All of it is empty between messages, so that a quiet connection holds no
    // buffer.
    std::string message_;
    std::string control_;            // a control frame may stand between the fragments of a message
    std::size_t message_valid_ = 0;  // bytes of a text message_ found to be whole characters
    std::array<char, 14> header_{};
    std::uint8_t header_bytes_ = 0;

    Opcode opcode_ = Opcode::continuation;          // of the current frame
    Opcode message_opcode_ = Opcode::continuation;  // of the message in progress; continuation: none
    bool final_ = false;
    bool in_frame_ = false;
    bool holds_ = false;  // message_ or control_ is in use
    bool masked_;         // what the peer must do
    bool finished_ = false;
};

// Appends one whole frame. A client passes the masking key (fresh and unpredictable for each frame), a server passes
// none.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::optional<std::uint32_t> mask = {});

// Appends a close frame; `reason` is cut to the 123 bytes a close frame can hold.
void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  std::optional<std::uint32_t> mask = {});

// An unmasked text frame whose payload is written straight into `out`: one copy less on the media path.
// Usage: auto frame = begin_text(out); append to out…; end_text(out, frame).
std::size_t begin_text(std::string& out);
void end_text(std::string& out, std::size_t frame);

}  // namespace websocket
