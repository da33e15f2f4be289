// Any text as a Media Stream message. The fast path must agree with the complete reader, every bound must hold, and
// what we write must be read back as it was.

#include "twilio/stream_message.hpp"

#include "encoding/base64.hpp"
#include "twilio/media_scan.hpp"
#include "twilio/stream_message_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool same(const twilio::Media& a, const twilio::Media& b) {
    return a.stream_sid == b.stream_sid && a.track == b.track && a.payload_base64 == b.payload_base64 &&
           a.timestamp == b.timestamp;
}

void check_paths_agree(std::string_view text) {
    twilio::StreamMessageReader reader;
    twilio::StreamMessageParser parser;
    const auto fast = twilio::scan_media(text);
    const auto complete = reader.read(text);
    const auto parsed = parser.parse(text);
    if (fast && text.size() <= twilio::stream_message_bytes_max) {
        require(complete && std::holds_alternative<twilio::Media>(*complete));
        require(same(*fast, std::get<twilio::Media>(*complete)));
    }
    require(parsed.has_value() == complete.has_value());
    if (!parsed) return require(parsed.error() == complete.error());
    require(parsed->index() == complete->index());
    if (const auto* media = std::get_if<twilio::Media>(&*parsed))
        require(same(*media, std::get<twilio::Media>(*complete)));
}

void check_start(const twilio::Started& started) {
    require(!started.stream_sid.empty() && started.stream_sid.size() <= twilio::sid_bytes_max);
    require(!started.call_sid.empty() && started.call_sid.size() <= twilio::sid_bytes_max);
    require(started.account_sid.size() <= twilio::sid_bytes_max);
    require(started.sample_rate_hz > 0);
    require(started.custom_parameters.size() <= twilio::custom_parameters_max);
    for (const auto& [name, value] : started.custom_parameters)
        require(name.size() + value.size() <= twilio::custom_parameter_bytes_max);
}

// An accepted mark, written by us, comes back the same.
void check_mark(const twilio::Mark& mark) {
    std::string text;
    twilio::append_mark(text, mark.stream_sid, mark.name);
    twilio::StreamMessageParser parser;
    const auto again = parser.parse(text);
    require(again && std::holds_alternative<twilio::Mark>(*again));
    require(std::get<twilio::Mark>(*again).name == mark.name &&
            std::get<twilio::Mark>(*again).stream_sid == mark.stream_sid);
}

void check_written_media(std::span<const std::byte> audio) {
    std::string text;
    twilio::append_media(text, "MZ0123456789abcdef", audio);
    twilio::StreamMessageParser parser;
    const auto message = parser.parse(text);
    if (text.size() > twilio::stream_message_bytes_max) return;
    require(message && std::holds_alternative<twilio::Media>(*message));
    const auto decoded = encoding::from_base64(std::get<twilio::Media>(*message).payload_base64);
    require(decoded && *decoded == std::vector<std::byte>(audio.begin(), audio.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_paths_agree(text);
    check_written_media(std::as_bytes(std::span(data, size)));
    twilio::StreamMessageParser parser;
    const auto message = parser.parse(text);
    if (!message) return 0;
    if (const auto* started = std::get_if<twilio::Started>(&*message)) check_start(*started);
    if (const auto* mark = std::get_if<twilio::Mark>(&*message)) check_mark(*mark);
    return 0;
}
