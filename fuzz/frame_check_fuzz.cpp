// The simulated Twilio's reader of what a server sends. Held against a second reading by another JSON library: accepted
// is exactly what has one of the three shapes, nothing missing, nothing extra. What our encoding of any bytes or name
// looks like is accepted and gives them back.

#include "simulator/frame_check.hpp"

#include "encoding/base64.hpp"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>

namespace {

namespace json = boost::json;
using simulator::ServerFrame;

constexpr std::string_view stream_sid = "MZ0123456789abcdef0123456789abcdef";

void require(bool holds) {
    if (!holds) std::abort();
}

std::optional<std::string> text_at(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

// The one member of {"media":{"payload":…}} or {"mark":{"name":…}}.
std::optional<std::string> single_at(const json::object& object, std::string_view outer, std::string_view name) {
    const json::value* value = object.if_contains(outer);
    if (value == nullptr || !value->is_object() || value->get_object().size() != 1) return std::nullopt;
    return text_at(value->get_object(), name);
}

// Of a message, by what a parser meets in it: a key that comes twice counts twice.
struct MemberCount {
    static constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_object_size = any, max_array_size = any, max_key_size = any, max_string_size = any;
    std::size_t members = 0;

    using Error = json::error_code;
    using Text = std::string_view;
    bool on_object_end(std::size_t size, Error&) {
        members += size;
        return true;
    }
    bool on_document_begin(Error&) { return true; }
    bool on_document_end(Error&) { return true; }
    bool on_object_begin(Error&) { return true; }
    bool on_array_begin(Error&) { return true; }
    bool on_array_end(std::size_t, Error&) { return true; }
    bool on_key_part(Text, std::size_t, Error&) { return true; }
    bool on_key(Text, std::size_t, Error&) { return true; }
    bool on_string_part(Text, std::size_t, Error&) { return true; }
    bool on_string(Text, std::size_t, Error&) { return true; }
    bool on_number_part(Text, Error&) { return true; }
    bool on_int64(std::int64_t, Text, Error&) { return true; }
    bool on_uint64(std::uint64_t, Text, Error&) { return true; }
    bool on_double(double, Text, Error&) { return true; }
    bool on_bool(bool, Error&) { return true; }
    bool on_null(Error&) { return true; }
    bool on_comment_part(Text, Error&) { return true; }
    bool on_comment(Text, Error&) { return true; }
};

bool has_a_key_twice(std::string_view text, const json::object& message) {
    json::basic_parser<MemberCount> parser{json::parse_options{}};
    json::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    std::size_t kept = message.size();  // a message of our shapes has at most one object inside
    for (const auto& [name, value] : message) kept += value.is_object() ? value.get_object().size() : 0;
    return !error && parser.handler().members > kept;
}

// Whether the message has one of the shapes, read without caring for keys that come twice.
bool has_shape(const json::object& message) {
    const auto event = text_at(message, "event");
    if (!event || text_at(message, "streamSid") != stream_sid) return false;
    if (*event == "clear") return message.size() == 2;
    if (message.size() != 3) return false;
    if (*event == "mark") return single_at(message, "mark", "name").has_value();
    const auto payload = single_at(message, "media", "payload");
    return *event == "media" && payload && encoding::from_base64(*payload).has_value();
}

bool same(const ServerFrame& frame, const json::object& message) {
    if (const auto* media = std::get_if<simulator::ServerMedia>(&frame))
        return std::ranges::equal(media->mulaw, *encoding::from_base64(*single_at(message, "media", "payload")));
    if (const auto* mark = std::get_if<simulator::ServerMark>(&frame))
        return mark->name == single_at(message, "mark", "name");
    return text_at(message, "event") == "clear";
}

void check_any(simulator::FrameCheck& frames, std::string_view text) {
    json::error_code error;
    const json::value value = json::parse(text, error);
    const bool fits = !error && value.is_object() && has_shape(value.get_object());
    const auto frame = frames.read(text, stream_sid);
    if (frame) {
        require(fits && same(*frame, value.get_object()));
        return;
    }
    require(frame.error().code == simulator::code::stream_bad_message && !frame.error().text.empty());
    // A key that comes twice is the one thing the second reading does not see: it keeps the last.
    require(!fits || has_a_key_twice(text, value.get_object()));
}

void check_ours(simulator::FrameCheck& frames, std::span<const std::byte> bytes, std::string_view text) {
    std::string media = fmt::format(R"({{"event":"media","streamSid":"{}","media":{{"payload":"{}"}}}})", stream_sid,
                                    encoding::to_base64(bytes));
    const auto heard = frames.read(media, stream_sid);
    require(heard.has_value() && std::ranges::equal(std::get<simulator::ServerMedia>(*heard).mulaw, bytes));
    require(!frames.read(media, "MZ00000000000000000000000000000000"));
    media.pop_back();
    require(!frames.read(media, stream_sid));

    const std::string name(text.substr(0, std::min<std::size_t>(text.size(), 200)));
    if (!std::ranges::all_of(name, [](unsigned char c) { return c < 0x80; })) return;
    const auto mark = frames.read(fmt::format(R"({{"mark":{{"name":{}}},"streamSid":"{}","event":"mark"}})",
                                              json::serialize(json::string(name)), stream_sid),
                                  stream_sid);
    require(mark.has_value() && std::get<simulator::ServerMark>(*mark).name == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static simulator::FrameCheck frames;  // as in the simulator: one for all calls, with its scratch memory
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_any(frames, text);
    check_ours(frames, std::as_bytes(std::span(data, size)), text);
    return 0;
}
