#include "twilio/stream_message.hpp"

#include "encoding/base64.hpp"
#include "twilio/media_scan.hpp"
#include "twilio/stream_message_reader.hpp"

namespace twilio {
namespace {

void append_unicode_escape(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\u00").append({digits[byte >> 4U], digits[byte & 15U]});
}

// A JSON string with its quotes. `text` is UTF-8, which passes unescaped.
void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out.append({'\\', c});
        } else if (static_cast<unsigned char>(c) < 0x20) {
            append_unicode_escape(out, c);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

}  // namespace

struct StreamMessageParser::Scratch {
    StreamMessageReader reader;
};

StreamMessageParser::StreamMessageParser() : scratch_(std::make_unique<Scratch>()) {}
StreamMessageParser::~StreamMessageParser() = default;

std::expected<InboundMessage, ParseError> StreamMessageParser::parse(std::string_view text) {
    if (text.size() > stream_message_bytes_max) return std::unexpected(ParseError::bad_field);
    if (const auto media = scan_media(text)) return *media;
    return scratch_->reader.read(text);
}

// Exactly these fields: Twilio warns (31951) of a message with one more, and ignores it.

void append_media(std::string& out, std::string_view stream_sid, std::span<const std::byte> mulaw) {
    constexpr std::size_t frame_bytes = 64;  // what stands around the two values
    out.reserve(out.size() + frame_bytes + stream_sid.size() + encoding::base64_size(mulaw.size()));
    out.append(R"({"event":"media","streamSid":)");
    append_json_string(out, stream_sid);
    out.append(R"(,"media":{"payload":")");
    encoding::append_base64(out, mulaw);
    out.append(R"("}})");
}

void append_mark(std::string& out, std::string_view stream_sid, std::string_view name) {
    out.append(R"({"event":"mark","streamSid":)");
    append_json_string(out, stream_sid);
    out.append(R"(,"mark":{"name":)");
    append_json_string(out, name);
    out.append("}}");
}

void append_clear(std::string& out, std::string_view stream_sid) {
    out.append(R"({"event":"clear","streamSid":)");
    append_json_string(out, stream_sid);
    out.push_back('}');
}

}  // namespace twilio
