#pragma once
// Messages of a bidirectional Media Stream, both directions. JSON in text frames; counters arrive as strings. Facts:
//   {"event":"connected","protocol":"Call","version":"1.0.0"}
//   {"event":"start","sequenceNumber":"1","start":{"accountSid":"AC…","streamSid":"MZ…","callSid":"CA…","tracks":["inbound"],
//     "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"MZ…"}
//   {"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"…"},"streamSid":"MZ…"}
//   {"event":"dtmf","streamSid":"MZ…","sequenceNumber":"3","dtmf":{"track":"inbound_track","digit":"1"}}
//   {"event":"mark","sequenceNumber":"4","streamSid":"MZ…","mark":{"name":"…"}}
//   {"event":"stop","sequenceNumber":"5","streamSid":"MZ…","stop":{"accountSid":"AC…","callSid":"CA…"}}
// Read tolerantly: keys in any order, streamSid and sequenceNumber may be missing, counters may be numbers, null is
// absent, keys we do not know are passed over. Read strictly: one whole JSON value and nothing after it, no key we use
// twice, everything bounded. Source: twilio.com/docs/voice/media-streams/websocket-messages, and captures of live
// calls.

#include "twilio/sid.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace twilio {

// Bounds on what a peer may make us keep; a message beyond one of them is a bad_field. Bytes.
inline constexpr std::size_t stream_message_bytes_max = 256 * 1024;  // 24 seconds of audio in one media message
inline constexpr std::size_t mark_name_bytes_max = 1024;
inline constexpr std::size_t custom_parameters_max = 100;
inline constexpr std::size_t custom_parameter_bytes_max =
    2048;  // name + value; Twilio allows 499 characters of up to four bytes

struct Connected {};

struct Started {
    std::string stream_sid;   // never empty
    std::string call_sid;     // never empty
    std::string account_sid;  // empty when the peer left it out
    std::string encoding;     // "audio/x-mulaw" when left out
    int sample_rate_hz = 8000;
    std::vector<std::pair<std::string, std::string>> custom_parameters;
};

// Fifty of these a second and call, so it owns nothing: the views point into the text given to parse(), or into the
// parser's memory. Valid until that text goes away or the next parse(), whichever is first.
struct Media {
    std::string_view stream_sid;  // empty when the peer left it out
    std::string_view track;       // "inbound" when left out, the only one a bidirectional stream has
    std::string_view payload_base64;
    std::chrono::milliseconds timestamp{};  // since the stream's start; the first is not 0; 0 when left out
};

struct Dtmf {
    std::string stream_sid;
    char digit = 0;  // 0-9 * # A-D
};

struct Mark {
    std::string stream_sid;
    std::string name;
};

struct Stopped {
    std::string stream_sid;
    std::string call_sid;  // empty when the peer left it out: a stop is a stop
};

// A well-formed message of an event we do not know. Twilio may add some at any time.
struct Unknown {
    std::string event;
};

using InboundMessage = std::variant<Connected, Started, Media, Dtmf, Mark, Stopped, Unknown>;

enum class ParseError {
    not_json,       // the peer's fault; Twilio never sends it
    no_event,       // JSON, but not an object with a string "event"
    missing_field,  // a field that the event cannot do without
    bad_field,      // a field of the wrong type, or too long
};

// Reads one text message. Keeps scratch memory between messages, so one parser serves all calls of a loop.
class StreamMessageParser {
public:
    StreamMessageParser();
    ~StreamMessageParser();
    StreamMessageParser(const StreamMessageParser&) = delete;
    StreamMessageParser& operator=(const StreamMessageParser&) = delete;

    std::expected<InboundMessage, ParseError> parse(std::string_view text);

private:
    struct Scratch;
    std::unique_ptr<Scratch> scratch_;
};

// What we send. Appends one JSON text to `out`.
void append_media(std::string& out, std::string_view stream_sid, std::span<const std::byte> mulaw);
void append_mark(std::string& out, std::string_view stream_sid, std::string_view name);
void append_clear(std::string& out, std::string_view stream_sid);

}  // namespace twilio
