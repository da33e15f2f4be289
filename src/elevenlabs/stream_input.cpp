#include "elevenlabs/stream_input.hpp"

#include "elevenlabs/plain_text.hpp"
#include "elevenlabs/request_fields.hpp"
#include "encoding/base64.hpp"
#include "encoding/form.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace elevenlabs {

namespace json = boost::json;

namespace {

// The longest the server grants. A context lives for seconds here; this only keeps a late one from ending its socket.
constexpr std::string_view inactivity_timeout_s = "180";
constexpr std::size_t context_id_bytes_max = 64;  // ours have a few digits

// Null counts as absent.
const json::value* member(const json::object& object, std::string_view name, std::string_view other_name = {}) {
    for (const std::string_view each : {name, other_name}) {
        const json::value* value = object.if_contains(each);
        if (value != nullptr && !value->is_null()) return value;
    }
    return nullptr;
}

// Only the code is believed: nobody knows what status an unknown one would have had.
ErrorReply error_of(const json::object& frame, std::string_view text) {
    ErrorReply reply = read_error(0, text);
    if (reply.code == "http_0") {
        const json::value* code = member(frame, "code");
        const bool is_close_code =
            code != nullptr && code->is_int64() && code->get_int64() >= 1000 && code->get_int64() < 5000;
        reply.code = is_close_code ? "websocket_" + std::to_string(code->get_int64()) : "websocket_error";
    }
    return reply;
}

// {"chars":[…],"charStartTimesMs":[0,60,…],"charDurationsMs":[60,70,…]}: the end of the last character. Older
// documentation spells the durations charsDurationsMs.
std::chrono::milliseconds end_of(const json::value* alignment) {
    constexpr double longest_ms = 3'600'000;
    if (alignment == nullptr || !alignment->is_object()) return {};
    const auto last_of = [longest_ms](const json::value* times) -> double {
        if (times == nullptr || !times->is_array() || times->get_array().empty()) return 0;
        const json::value& last = times->get_array().back();
        return last.is_number() ? std::clamp(last.to_number<double>(), 0.0, longest_ms) : 0;
    };
    const json::object& times = alignment->get_object();
    return std::chrono::milliseconds(static_cast<int>(last_of(member(times, "charStartTimesMs")) +
                                                      last_of(member(times, "charDurationsMs", "charsDurationsMs"))));
}

std::string in_context(std::string_view id, json::object message) {
    message["context_id"] = id;
    return json::serialize(message);
}

}  // namespace

bool serves_model(std::string_view model_id) {
    return !model_id.starts_with("eleven_v3") && !model_id.starts_with("eleven_v4");
}

std::string socket_target(const SocketVoice& voice) {
    std::string target = "/v1/text-to-speech/" + encoding::percent_encode(voice.voice_id) +
                         "/multi-stream-input?model_id=" + encoding::percent_encode(voice.model_id) +
                         "&output_format=ulaw_8000&auto_mode=true&inactivity_timeout=";
    target += inactivity_timeout_s;
    if (!voice.language_code.empty() && takes_language(voice.model_id))
        target += "&language_code=" + encoding::percent_encode(voice.language_code);
    return target;
}

std::string open_context(std::string_view context_id, const audio::VoiceSettings& settings) {
    return in_context(context_id, {{"text", " "}, {"voice_settings", settings_object(settings)}});
}

std::string speak_in_context(std::string_view context_id, const Secret& text) {
    std::string spoken = plain_text(text.reveal(), std::string::npos, Controls::keep);
    if (!spoken.ends_with(' ')) spoken += ' ';  // the documentation asks for it
    return in_context(context_id, {{"text", spoken}, {"flush", true}});
}

std::string close_context(std::string_view context_id) {
    return in_context(context_id, {{"close_context", true}});
}

std::string close_socket() {
    return R"({"close_socket":true})";
}

std::expected<SocketFrame, FrameError> read_socket_frame(std::string_view text) {
    if (text.size() > socket_frame_bytes_max) return std::unexpected(FrameError::too_large);
    json::error_code error;
    const json::value value = json::parse(text, error);
    if (error || !value.is_object()) return std::unexpected(FrameError::not_an_object);
    const json::object& object = value.get_object();

    SocketFrame frame;
    if (const auto* id = member(object, "contextId", "context_id"); id != nullptr && id->is_string()) {
        if (id->get_string().size() <= context_id_bytes_max) frame.context_id = id->get_string();
    }
    if (member(object, "error", "detail") != nullptr) {
        frame.error = error_of(object, text);
        return frame;
    }
    if (const auto* final = member(object, "isFinal", "is_final"); final != nullptr && final->is_bool())
        frame.is_final = final->get_bool();
    if (const auto* audio = member(object, "audio"); audio != nullptr && audio->is_string()) {
        auto mulaw = encoding::from_base64(audio->get_string());
        if (!mulaw) return std::unexpected(FrameError::bad_audio);
        frame.audio = std::move(*mulaw);
    }
    frame.speaks_until = end_of(member(object, "alignment", "normalizedAlignment"));
    return frame;
}

}  // namespace elevenlabs
