#pragma once
// ElevenLabs' WebSocket for several texts at once (multi-stream-input), as values: its address, what we say, what we
// are told. Each text has a context, which the first message that names it creates and close_context ends; what is
// said of it comes back under its name, and `isFinal` is its last word. Source: elevenlabs.io/docs, the official
// JavaScript SDK's schemas, and what other clients have met.

#include "audio/voice_settings.hpp"
#include "elevenlabs/speech_message.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elevenlabs {

// What the address says, and so is fixed for a socket's life.
struct SocketVoice {
    std::string voice_id, model_id, language_code;  // no language: not sent
    friend bool operator==(const SocketVoice&, const SocketVoice&) = default;
};

// Live at once on one socket; a sixth costs the whole socket. One is live until its `isFinal` has come.
inline constexpr std::size_t socket_contexts_max = 5;

// eleven_v3 and later are served by another socket, with other messages.
bool serves_model(std::string_view model_id);

// Path and query. auto_mode, because a context is given a whole sentence in one message: nothing is to be waited for.
std::string socket_target(const SocketVoice& voice);

// The messages of a context, in this order. Settings belong into the first one that names it; given later, they cost
// the socket. close_context must wait for the first audio: one that overtakes the synthesis ends it unheard.
std::string open_context(std::string_view context_id, const audio::VoiceSettings& settings);
std::string speak_in_context(std::string_view context_id, const Secret& text);
std::string close_context(std::string_view context_id);
// Ends all contexts, then the socket.
std::string close_socket();

// What the server says, of whatever kind. A frame that says nothing known is empty.
struct SocketFrame {
    std::string context_id;        // empty: it names none
    std::vector<std::byte> audio;  // mu-law; may hold more than a second
    bool is_final = false;
    // Until when something is said in the context, by the times of the characters that come with the first audio; 0:
    // the frame does not tell. There is at least so much audio, unless it is cut short.
    std::chrono::milliseconds speaks_until{0};
    std::optional<ErrorReply> error;
};

enum class FrameError {
    too_large,
    not_an_object,  // not JSON, or no object
    bad_audio,      // `audio` is not base64
};

inline constexpr std::size_t socket_frame_bytes_max = 16u << 20;

// Members may be null or absent, and names may be written contextId or context_id, isFinal or is_final.
std::expected<SocketFrame, FrameError> read_socket_frame(std::string_view text);

}  // namespace elevenlabs
