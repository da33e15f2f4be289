#include "gateway/speech_wish.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/json_body.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t text_bytes_max = 5'000;

std::optional<std::string> read_settings(const json::object& object, audio::VoiceSettings& settings) {
    if (auto fault = read_number(object, "stability", 0, 1, settings.stability)) return fault;
    if (auto fault = read_number(object, "similarity_boost", 0, 1, settings.similarity_boost)) return fault;
    if (auto fault = read_number(object, "style", 0, 1, settings.style)) return fault;
    if (auto fault = read_number(object, "speed", 0.7, 1.2, settings.speed)) return fault;
    return read_bool(object, "use_speaker_boost", settings.use_speaker_boost);
}

}  // namespace

std::optional<std::string> read_wish(const json::object& object, SpeechWish& wish) {
    if (auto fault = read_string(object, "text", wish.text)) return fault;
    if (auto fault = read_string(object, "voice", wish.voice_id)) return fault;
    if (auto fault = read_string(object, "voice_id", wish.voice_id)) return fault;
    const auto* settings = object.if_contains("voice_settings");
    if (settings == nullptr || settings->is_null()) return std::nullopt;
    if (!settings->is_object()) return "voice_settings must be an object.";
    if (auto fault = read_settings(settings->get_object(), wish.settings)) return "voice_settings." + *fault;
    return std::nullopt;
}

std::expected<speech::Request, std::string> speech_request(SpeechWish wish, const speech::Voice& default_voice) {
    if (wish.text.empty()) return std::unexpected("There is no text to speak.");
    if (wish.text.size() > text_bytes_max)
        return std::unexpected(fmt::format("The text is longer than {} bytes.", text_bytes_max));
    speech::Request request{.text = Secret(std::move(wish.text)), .voice = default_voice};
    request.voice.settings = wish.settings;
    if (!wish.voice_id.empty()) {
        if (!is_voice_id(wish.voice_id))
            return std::unexpected("voice_id may have letters, digits, '-' and '_', 64 at most.");
        request.voice.id = std::move(wish.voice_id);
    }
    return request;
}

}  // namespace gateway
