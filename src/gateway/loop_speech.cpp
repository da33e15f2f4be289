#include "gateway/loop_speech.hpp"

#include "gateway/apology.hpp"
#include "gateway/elevenlabs_http.hpp"

#include <utility>

namespace gateway {

LoopSpeech::LoopSpeech(net::EventLoop& loop, const Options& options, std::size_t loops, EmbeddedVoicePool& voices,
                       speech::ClipMemory& memory)
    : timers_(loop),
      http_(loop, {}),
      governor_({.requests_max = options.elevenlabs_requests_max, .loops = loops}, timers_),
      chain_(speech::make_chain(parts(loop, options, voices, memory))) {}

speech::Parts LoopSpeech::parts(net::EventLoop& loop, const Options& options, EmbeddedVoicePool& voices,
                                speech::ClipMemory& memory) {
    speech::Parts parts{.timers = timers_};
    parts.account = "elevenlabs";
    if (!options.elevenlabs_key.empty()) {
        auto http = std::make_unique<ElevenLabsHttp>(
            http_,
            ElevenLabsHttp::Options{.base_url = options.elevenlabs_url,
                                    .api_key = options.elevenlabs_key,
                                    .default_voice_id = options.voice.id,
                                    .model_id = options.voice.model},
            [this](const ElevenLabsHttp::ReplyHead& head) {
                if (head.concurrent_requests_max) governor_.note_maximum(*head.concurrent_requests_max);
            });
        parts.remotes.push_back({"elevenlabs_http", std::move(http)});
    }
    parts.local = {"embedded_voice", std::make_unique<EmbeddedVoice>(loop, voices)};
    parts.apology = recorded_apology();
    parts.memory = &memory;
    parts.governor = &governor_;
    parts.ladder.standard_voice_id = options.voice.id;
    parts.ladder.standard_model = options.voice.model;
    return parts;
}

}  // namespace gateway
