#include "twilio/stream_message_reader.hpp"

#include "twilio/stream_limits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace twilio {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
template <class T>
using Parsed = std::expected<T, ParseError>;

// The member under `key`: absent when missing or null. Twice the same key has no one meaning, so it is refused.
Parsed<std::optional<element>> find(const object& parent, std::string_view key) {
    std::optional<element> found;
    for (const auto& field : parent) {
        if (field.key != key) continue;
        if (found) return std::unexpected(ParseError::bad_field);
        found = field.value;
    }
    if (found && found->is_null()) found.reset();
    return found;
}

Parsed<object> required_object(const object& parent, std::string_view key) {
    const auto member = find(parent, key);
    if (!member) return std::unexpected(member.error());
    if (!*member) return std::unexpected(ParseError::missing_field);
    object value;
    if ((*member)->get(value) != simdjson::SUCCESS) return std::unexpected(ParseError::bad_field);
    return value;
}

Parsed<std::string_view> optional_string(const object& parent, std::string_view key, std::size_t bytes_max,
                                         std::string_view otherwise = {}) {
    const auto member = find(parent, key);
    if (!member) return std::unexpected(member.error());
    if (!*member) return otherwise;
    std::string_view value;
    if ((*member)->get(value) != simdjson::SUCCESS || value.size() > bytes_max)
        return std::unexpected(ParseError::bad_field);
    return value;
}

Parsed<std::string_view> required_string(const object& parent, std::string_view key, std::size_t bytes_max) {
    const auto value = optional_string(parent, key, bytes_max);
    if (value && value->empty()) return std::unexpected(ParseError::missing_field);
    return value;
}

// Twilio writes counters as strings and rates as numbers; others mix them up. Never negative.
Parsed<std::int64_t> optional_count(const object& parent, std::string_view key, std::int64_t otherwise) {
    const auto member = find(parent, key);
    if (!member) return std::unexpected(member.error());
    if (!*member) return otherwise;
    std::int64_t value = -1;
    if (std::string_view digits; (*member)->get(digits) == simdjson::SUCCESS) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        const bool whole = error == std::errc{} && end == digits.data() + digits.size();
        if (!whole || digits.size() > limits::counter_digits_max) return std::unexpected(ParseError::bad_field);
    } else if ((*member)->get(value) != simdjson::SUCCESS) {
        return std::unexpected(ParseError::bad_field);
    }
    constexpr std::int64_t count_max = 999'999'999'999'999;  // counter_digits_max digits
    if (value < 0 || value > count_max) return std::unexpected(ParseError::bad_field);
    return value;
}

Parsed<std::string_view> top_level_stream_sid(const object& message) {
    return optional_string(message, "streamSid", sid_bytes_max);
}

Parsed<void> read_media_format(const object& start, Started& started) {
    const auto member = find(start, "mediaFormat");
    if (!member) return std::unexpected(member.error());
    started.encoding = "audio/x-mulaw";
    if (!*member) return {};
    object format;
    if ((*member)->get(format) != simdjson::SUCCESS) return std::unexpected(ParseError::bad_field);
    const auto encoding = optional_string(format, "encoding", limits::encoding_bytes_max, started.encoding);
    if (!encoding) return std::unexpected(encoding.error());
    const auto rate = optional_count(format, "sampleRate", started.sample_rate_hz);
    if (!rate) return std::unexpected(rate.error());
    if (*rate < 1 || *rate > limits::sample_rate_hz_max) return std::unexpected(ParseError::bad_field);
    started.encoding = std::string(*encoding);
    started.sample_rate_hz = static_cast<int>(*rate);
    return {};
}

Parsed<void> read_custom_parameters(const object& start, Started& started) {
    const auto member = find(start, "customParameters");
    if (!member) return std::unexpected(member.error());
    if (!*member) return {};
    object parameters;
    if ((*member)->get(parameters) != simdjson::SUCCESS) return std::unexpected(ParseError::bad_field);
    for (const auto& field : parameters) {
        std::string_view value;
        if (field.value.get(value) != simdjson::SUCCESS) return std::unexpected(ParseError::bad_field);
        const bool repeated =
            std::ranges::any_of(started.custom_parameters, [&](const auto& known) { return known.first == field.key; });
        if (repeated || field.key.size() + value.size() > custom_parameter_bytes_max ||
            started.custom_parameters.size() == custom_parameters_max) {
            return std::unexpected(ParseError::bad_field);
        }
        started.custom_parameters.emplace_back(field.key, value);
    }
    return {};
}

// The stream's id stands twice; either place will do, but they may not disagree.
Parsed<std::string_view> started_stream_sid(const object& message, const object& start) {
    const auto outer = top_level_stream_sid(message);
    if (!outer) return outer;
    const auto inner = optional_string(start, "streamSid", sid_bytes_max);
    if (!inner) return inner;
    if (outer->empty() && inner->empty()) return std::unexpected(ParseError::missing_field);
    if (!outer->empty() && !inner->empty() && *outer != *inner) return std::unexpected(ParseError::bad_field);
    return inner->empty() ? outer : inner;
}

Parsed<InboundMessage> read_started(const object& message) {
    const auto start = required_object(message, "start");
    if (!start) return std::unexpected(start.error());
    const auto stream_sid = started_stream_sid(message, *start);
    if (!stream_sid) return std::unexpected(stream_sid.error());
    const auto call_sid = required_string(*start, "callSid", sid_bytes_max);
    if (!call_sid) return std::unexpected(call_sid.error());
    const auto account_sid = optional_string(*start, "accountSid", sid_bytes_max);
    if (!account_sid) return std::unexpected(account_sid.error());

    if (!is_sid(*stream_sid) || !is_sid(*call_sid)) return std::unexpected(ParseError::bad_field);
    if (!account_sid->empty() && !is_sid(*account_sid)) return std::unexpected(ParseError::bad_field);
    Started started;
    started.stream_sid = std::string(*stream_sid);
    started.call_sid = std::string(*call_sid);
    started.account_sid = std::string(*account_sid);
    if (const auto read = read_media_format(*start, started); !read) return std::unexpected(read.error());
    if (const auto read = read_custom_parameters(*start, started); !read) return std::unexpected(read.error());
    return started;
}

Parsed<InboundMessage> read_media(const object& message) {
    const auto stream_sid = top_level_stream_sid(message);
    if (!stream_sid) return std::unexpected(stream_sid.error());
    const auto media = required_object(message, "media");
    if (!media) return std::unexpected(media.error());
    const auto track = optional_string(*media, "track", limits::track_bytes_max, "inbound");
    if (!track) return std::unexpected(track.error());
    const auto timestamp = optional_count(*media, "timestamp", 0);
    if (!timestamp) return std::unexpected(timestamp.error());
    const auto payload_member = find(*media, "payload");
    if (payload_member && !*payload_member) return std::unexpected(ParseError::missing_field);
    const auto payload = optional_string(*media, "payload", stream_message_bytes_max);
    if (!payload) return std::unexpected(payload.error());
    return Media{.stream_sid = *stream_sid,
                 .track = *track,
                 .payload_base64 = *payload,
                 .timestamp = std::chrono::milliseconds(*timestamp)};
}

Parsed<InboundMessage> read_dtmf(const object& message) {
    const auto stream_sid = top_level_stream_sid(message);
    if (!stream_sid) return std::unexpected(stream_sid.error());
    const auto dtmf = required_object(message, "dtmf");
    if (!dtmf) return std::unexpected(dtmf.error());
    const auto digit = required_string(*dtmf, "digit", 1);
    if (!digit) return std::unexpected(digit.error());
    constexpr std::string_view digits = "0123456789*#ABCD";
    if (!digits.contains(digit->front())) return std::unexpected(ParseError::bad_field);
    return Dtmf{.stream_sid = std::string(*stream_sid), .digit = digit->front()};
}

Parsed<InboundMessage> read_mark(const object& message) {
    const auto stream_sid = top_level_stream_sid(message);
    if (!stream_sid) return std::unexpected(stream_sid.error());
    const auto mark = required_object(message, "mark");
    if (!mark) return std::unexpected(mark.error());
    const auto name = required_string(*mark, "name", mark_name_bytes_max);
    if (!name) return std::unexpected(name.error());
    return Mark{.stream_sid = std::string(*stream_sid), .name = std::string(*name)};
}

Parsed<InboundMessage> read_stopped(const object& message) {
    const auto stream_sid = top_level_stream_sid(message);
    if (!stream_sid) return std::unexpected(stream_sid.error());
    Stopped stopped{.stream_sid = std::string(*stream_sid), .call_sid = {}};
    const auto stop = required_object(message, "stop");
    if (!stop && stop.error() == ParseError::missing_field) return stopped;
    if (!stop) return std::unexpected(stop.error());
    const auto call_sid = optional_string(*stop, "callSid", sid_bytes_max);
    if (!call_sid) return std::unexpected(call_sid.error());
    stopped.call_sid = std::string(*call_sid);
    return stopped;
}

}  // namespace

std::expected<InboundMessage, ParseError> StreamMessageReader::read(std::string_view text) {
    if (text.size() > stream_message_bytes_max) return std::unexpected(ParseError::bad_field);
    if (padded_text_.size() < text.size() + simdjson::SIMDJSON_PADDING) {
        padded_text_.resize(text.size() + simdjson::SIMDJSON_PADDING);
    }
    std::ranges::copy(text, padded_text_.begin());
    element root;
    constexpr bool copy_if_unpadded = false;
    if (parser_.parse(padded_text_.data(), text.size(), copy_if_unpadded).get(root) != simdjson::SUCCESS) {
        return std::unexpected(ParseError::not_json);
    }
    object message;
    if (root.get(message) != simdjson::SUCCESS) return std::unexpected(ParseError::no_event);
    const auto member = find(message, "event");
    if (!member) return std::unexpected(member.error());
    std::string_view event;
    if (!*member || (*member)->get(event) != simdjson::SUCCESS) return std::unexpected(ParseError::no_event);

    if (event == "media") return read_media(message);
    if (event == "connected") return Connected{};
    if (event == "start") return read_started(message);
    if (event == "dtmf") return read_dtmf(message);
    if (event == "mark") return read_mark(message);
    if (event == "stop") return read_stopped(message);
    if (event.size() > limits::event_bytes_max) return std::unexpected(ParseError::bad_field);
    return Unknown{.event = std::string(event)};
}

}  // namespace twilio
