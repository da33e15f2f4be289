#include "simulator/frame_check.hpp"

#include "encoding/base64.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>

namespace simulator {

struct FrameCheck::Scratch {
    simdjson::ondemand::parser parser;
    simdjson::padded_string padded;
    std::vector<std::byte> audio;
};

namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

std::unexpected<Notice> bad(std::string text) {
    return std::unexpected(Notice{code::stream_bad_message, std::move(text)});
}

// The fields of any of the three shapes, as found.
struct Fields {
    std::optional<std::string> event, stream_sid, payload, mark_name;
};

using Problem = std::optional<std::string>;

Problem read_string(value from, std::string_view name, std::optional<std::string>& into) {
    if (into) return fmt::format("field \"{}\" twice", name);
    std::string_view text;
    if (from.get_string().get(text)) return fmt::format("field \"{}\" is not a string", name);
    into.emplace(text);
    return std::nullopt;
}

// An object with exactly one known field, like {"payload":"…"}.
Problem read_single(value from, std::string_view outer, std::string_view name, std::optional<std::string>& into) {
    if (into) return fmt::format("field \"{}\" twice", outer);
    object inner;
    if (from.get_object().get(inner)) return fmt::format("field \"{}\" is not an object", outer);
    for (auto field : inner) {
        std::string_view key;
        value content;
        if (field.unescaped_key().get(key) || field.value().get(content)) return "not JSON";
        if (key != name) return fmt::format("extra field \"{}.{}\"", outer, key);
        if (Problem problem = read_string(content, name, into)) return problem;
    }
    if (!into) return fmt::format("missing field \"{}.{}\"", outer, name);
    return std::nullopt;
}

Problem read_field(std::string_view key, value content, Fields& fields) {
    if (key == "event") return read_string(content, key, fields.event);
    if (key == "streamSid") return read_string(content, key, fields.stream_sid);
    if (key == "media") return read_single(content, key, "payload", fields.payload);
    if (key == "mark") return read_single(content, key, "name", fields.mark_name);
    return fmt::format("extra field \"{}\"", key);
}

Problem read_fields(simdjson::ondemand::document& document, Fields& fields) {
    object whole;
    if (document.get_object().get(whole)) return "not a JSON object";
    for (auto field : whole) {
        std::string_view key;
        value content;
        if (field.unescaped_key().get(key)) return "not JSON";
        const std::string name(key);  // the parser reuses the memory behind `key` when it reads the value
        if (field.value().get(content)) return "not JSON";
        if (Problem problem = read_field(name, content, fields)) return problem;
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return "something behind the JSON object";
    return std::nullopt;
}

Problem check_shape(const Fields& fields, std::string_view stream_sid) {
    if (!fields.event) return "missing field \"event\"";
    if (*fields.event != "media" && *fields.event != "mark" && *fields.event != "clear") {
        return fmt::format("unknown event \"{}\"", *fields.event);
    }
    if (!fields.stream_sid) return "missing field \"streamSid\"";
    if (*fields.stream_sid != stream_sid) return "streamSid of another stream";
    if (fields.payload.has_value() != (*fields.event == "media")) {
        return fields.payload ? "extra field \"media\"" : "missing field \"media\"";
    }
    if (fields.mark_name.has_value() != (*fields.event == "mark")) {
        return fields.mark_name ? "extra field \"mark\"" : "missing field \"mark\"";
    }
    return std::nullopt;
}

// The one common spelling of a media message, compared byte for byte: nearly all messages are this one.
std::optional<std::string_view> usual_payload(std::string_view text, std::string_view stream_sid) {
    const auto skip = [&text](std::string_view expected) {
        if (!text.starts_with(expected)) return false;
        text.remove_prefix(expected.size());
        return true;
    };
    if (!skip(R"({"event":"media","streamSid":")") || !skip(stream_sid) || !skip(R"(","media":{"payload":")")) {
        return std::nullopt;
    }
    if (!text.ends_with("\"}}")) return std::nullopt;
    text.remove_suffix(3);
    return text;
}

}  // namespace

FrameCheck::FrameCheck() : scratch_(std::make_unique<Scratch>()) {}
FrameCheck::~FrameCheck() = default;

Notice FrameCheck::binary_frame() {
    return {code::stream_undecodable, "a binary message, which cannot be decoded"};
}

std::expected<ServerFrame, Notice> FrameCheck::read(std::string_view text, std::string_view stream_sid) {
    scratch_->audio.clear();
    if (const auto payload = usual_payload(text, stream_sid)) {
        if (encoding::append_from_base64(scratch_->audio, *payload)) return ServerMedia{scratch_->audio};
        scratch_->audio.clear();  // an unusual spelling of base64 (escapes), or a bad one: the careful way decides
    }
    scratch_->padded = simdjson::padded_string(text);
    simdjson::ondemand::document document;
    if (scratch_->parser.iterate(scratch_->padded).get(document)) return bad("not JSON");

    Fields fields;
    if (Problem problem = read_fields(document, fields)) return bad(std::move(*problem));
    if (Problem problem = check_shape(fields, stream_sid)) return bad(std::move(*problem));
    if (*fields.event == "clear") return ServerClear{};
    if (*fields.event == "mark") return ServerMark{std::move(*fields.mark_name)};
    if (!encoding::append_from_base64(scratch_->audio, *fields.payload)) return bad("the payload is not base64");
    return ServerMedia{scratch_->audio};
}

}  // namespace simulator
