#include "simulator/standin_order.hpp"

#include "encoding/form.hpp"
#include "simulator/standin_account.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace simulator {

namespace {

// As the live server lists them in its own refusal.
constexpr std::array<std::string_view, 29> output_formats{
    "alaw_8000",      "m4a_aac_44100_128", "mp3_22050_32",  "mp3_24000_48",  "mp3_44100_32",  "mp3_44100_64",
    "mp3_44100_96",   "mp3_44100_128",     "mp3_44100_192", "opus_48000_32", "opus_48000_64", "opus_48000_96",
    "opus_48000_128", "opus_48000_192",    "pcm_8000",      "pcm_16000",     "pcm_22050",     "pcm_24000",
    "pcm_32000",      "pcm_44100",         "pcm_48000",     "ulaw_8000",     "wav_8000",      "wav_16000",
    "wav_22050",      "wav_24000",         "wav_32000",     "wav_44100",     "wav_48000"};

http::Response schema_error(std::string_view type, std::string_view field, std::string_view message) {
    http::Response response = http::json(boost::json::serialize(boost::json::object{
        {"detail", boost::json::array{boost::json::object{{"type", type},
                                                          {"loc", boost::json::array{"body", field}},
                                                          {"msg", message},
                                                          {"input", boost::json::object{}}}}}}));
    response.status = 422;
    return response;
}

std::optional<double> number_in(const boost::json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    return std::nullopt;
}

struct Range {
    std::string_view name;
    double least, most;
};
constexpr std::array settings_ranges{Range{"stability", 0, 1}, Range{"similarity_boost", 0, 1}, Range{"style", 0, 1},
                                     Range{"speed", 0.7, 1.2}};

std::expected<double, http::Response> read_speed(const boost::json::object& body) {
    const auto* settings = body.if_contains("voice_settings");
    if (settings == nullptr || settings->is_null()) return 1.0;
    if (!settings->is_object())
        return std::unexpected(schema_error("model_type", "voice_settings", "Input should be an object"));
    double speed = 1.0;
    for (const Range& range : settings_ranges) {
        const auto* value = settings->get_object().if_contains(range.name);
        if (value == nullptr || value->is_null()) continue;
        const auto number = number_in(*value);
        if (!number) return std::unexpected(schema_error("float_type", range.name, "Input should be a valid number"));
        if (*number < range.least || *number > range.most) {
            return std::unexpected(
                refuse({400, "validation_error", "invalid_voice_settings", "invalid_voice_settings",
                        fmt::format("{} must be between {} and {}.", range.name, range.least, range.most)}));
        }
        if (range.name == "speed") speed = *number;
    }
    return speed;
}

std::expected<void, http::Response> read_model(const boost::json::object& body, SpeechOrder& order) {
    const auto* id = body.if_contains("model_id");
    if (id != nullptr && !id->is_string())
        return std::unexpected(schema_error("string_type", "model_id", "Input should be a valid string"));
    order.model_id = id == nullptr ? "eleven_multilingual_v2" : std::string(id->get_string());
    const StandinModel* model = find_model(order.model_id);
    if (model == nullptr) {
        return std::unexpected(
            refuse({404, "not_found", "model_not_found", "model_not_found",
                    fmt::format("A model with model ID {} does not exist.", order.model_id), "model_id"}));
    }
    const bool has_context = body.contains("previous_text") || body.contains("next_text");
    if (!model->speaks || (has_context && !model->takes_context)) {
        return std::unexpected(
            refuse({400, "validation_error", "unsupported_model", "unsupported_model",
                    fmt::format("The model {} does not support this operation.", order.model_id), "model_id"}));
    }
    if (order.text.size() > model->characters_max) {
        return std::unexpected(
            refuse({400, "validation_error", "text_too_long", "max_character_limit_exceeded",
                    fmt::format("The text has more than {} characters.", model->characters_max), "text"}));
    }
    return {};
}

std::expected<void, http::Response> read_body(std::string_view text, SpeechOrder& order) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) return std::unexpected(schema_error("json_invalid", "0", "JSON decode error"));
    const auto& body = parsed.get_object();
    const auto* words = body.if_contains("text");
    if (words == nullptr) return std::unexpected(schema_error("missing", "text", "Field required"));
    if (!words->is_string())
        return std::unexpected(schema_error("string_type", "text", "Input should be a valid string"));
    order.text = words->get_string();
    if (order.text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return std::unexpected(
            refuse({400, "validation_error", "empty_text", "empty_text", "The text is empty.", "text"}));
    }
    const auto speed = read_speed(body);
    if (!speed) return std::unexpected(speed.error());
    order.speed = *speed;
    return read_model(body, order);
}

// {voice_id}[/stream][/with-timestamps]
bool read_path(std::string_view path, SpeechOrder& order) {
    path.remove_prefix(speech_path.size());
    const auto slash = std::min(path.find('/'), path.size());
    order.voice_id = path.substr(0, slash);
    std::string_view rest = path.substr(slash);
    constexpr std::string_view stream = "/stream", timestamps = "/with-timestamps";
    if (rest.starts_with(stream)) {
        order.streaming = true;
        rest.remove_prefix(stream.size());
    }
    if (rest == timestamps) {
        order.with_timestamps = true;
        rest = {};
    }
    return rest.empty() && !order.voice_id.empty();
}

}  // namespace

std::string_view content_type_of(std::string_view output_format) {
    return output_format == "ulaw_8000" ? "audio/ulaw" : "audio/pcm";
}

std::expected<std::string, http::Response> read_output_format(std::string_view query) {
    const auto fields = encoding::parse_form(query).value_or(encoding::FormFields{});
    std::string format(encoding::find(fields, "output_format").value_or("mp3_44100_128"));
    if (std::ranges::find(output_formats, format) == output_formats.end()) {
        return std::unexpected(
            refuse({403, "validation_error", "invalid_output_format", "invalid_output_format",
                    fmt::format("{} is not one of {}.", format, fmt::join(output_formats, ", ")), "output_format"}));
    }
    if (format != "ulaw_8000" && format != "pcm_8000") {  // the stand-in's plan has these two only
        return std::unexpected(
            refuse({403, "authorization_error", "subscription_required", "output_format_not_allowed",
                    fmt::format("The output format {} is not allowed by this plan.", format), "output_format"}));
    }
    return format;
}

std::expected<SpeechOrder, http::Response> read_speech_order(const http::Request& request) {
    SpeechOrder order;
    if (!read_path(request.path(), order)) return std::unexpected(http::error(404, "Not Found"));
    if (auto body = read_body(request.body, order); !body) return std::unexpected(std::move(body.error()));
    auto format = read_output_format(request.query());
    if (!format) return std::unexpected(std::move(format.error()));
    order.output_format = std::move(*format);
    if (find_voice(order.voice_id) == nullptr) {
        return std::unexpected(
            refuse({404, "not_found", "voice_not_found", "voice_not_found",
                    fmt::format("A voice with the voice_id {} was not found.", order.voice_id), "voice_id"}));
    }
    return order;
}

}  // namespace simulator
