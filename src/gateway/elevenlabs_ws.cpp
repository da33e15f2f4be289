#include "gateway/elevenlabs_ws.hpp"

#include "elevenlabs/speech_message.hpp"
#include "speech/recorded_source.hpp"

#include <string_view>
#include <utility>

namespace gateway {

namespace {

using speech::Failure;

SpeechSockets::Options socket_options(const ElevenLabsWebSocket::Options& options) {
    SpeechSockets::Options sockets = options.sockets;
    sockets.url = speech_socket_url(options.base_url);
    sockets.api_key = options.api_key;
    sockets.authorities = options.authorities;
    sockets.default_voice = {options.default_voice_id, options.model_id, options.language};
    const bool has_default = !options.default_voice_id.empty() && elevenlabs::serves_model(options.model_id);
    if (!has_default) sockets.contexts_ahead = 0;
    return sockets;
}

}  // namespace

std::string speech_socket_url(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    if (is_http) url.replace(0, std::string_view("http").size(), "ws");
    return url;
}

ElevenLabsWebSocket::ElevenLabsWebSocket(net::EventLoop& loop, const Options& options)
    : timers_(loop),
      default_voice_id_(options.default_voice_id),
      model_id_(options.model_id),
      sockets_(loop, socket_options(options)) {}

std::unique_ptr<speech::Utterance> ElevenLabsWebSocket::say(const speech::Request& request,
                                                            speech::Listener& listener) {
    const auto fail = [&](Failure::Kind kind, std::string reason) {
        return speech::fail_soon({kind, std::move(reason), Failure::Scope::source}, timers_, listener);
    };
    const elevenlabs::SpeechRequest speech{
        .text = request.text,
        .voice_id = request.voice.id.empty() ? default_voice_id_ : request.voice.id,
        .model_id = request.voice.model.empty() ? model_id_ : request.voice.model,
        .language_code = request.voice.language,
        .settings = request.voice.settings,
        .previous_text{},
        .next_text{},
    };
    // Not "refused", which would bar HTTP as well: there these models are spoken.
    if (!elevenlabs::serves_model(speech.model_id)) return fail(Failure::Kind::unavailable, "model not on websocket");
    if (auto utterance = sockets_.say(speech, listener)) return utterance;
    return fail(Failure::Kind::busy, "no socket free");
}

}  // namespace gateway
