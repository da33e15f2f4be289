#pragma once
// Speech from ElevenLabs by HTTP streaming: one request a piece of text, its mu-law handed on as it arrives. Nothing is
// played before status and content type say that it is audio, nor while it looks like an error report that claims to be
// audio.

#include "net/http_client.hpp"
#include "redacted.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace gateway {

class ElevenLabsHttp final : public speech::SpeechSource {
public:
    struct Options {
        std::string base_url = "https://api.elevenlabs.io";
        Secret api_key{};
        std::string default_voice_id{};  // for requests that name none
        std::string model_id = "eleven_flash_v2_5";
        std::chrono::milliseconds connect_timeout{3'000};
        // For the whole answer. Hanging before the first byte and stalling are judged by who knows when the audio is
        // needed.
        std::chrono::milliseconds total_timeout{120'000};
        std::size_t audio_bytes_max = 16u << 20;  // 35 minutes
    };

    // What a reply's head says beside its audio.
    struct ReplyHead {
        int status = 0;
        std::string request_id, trace_id;  // for ElevenLabs' support; empty when absent
        std::optional<unsigned> concurrent_requests, concurrent_requests_max;  // of the account, this request included
    };
    using Observer = std::function<void(const ReplyHead&)>;

    // `http` must outlive this and every Utterance. `observe` is called as each request begins; what it returns is told
    // of the reply.
    ElevenLabsHttp(net::HttpClient& http, Options options, std::function<Observer()> observe = {});

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override;

private:
    net::HttpClient& http_;
    const Options options_;
    const std::function<Observer()> observe_;
};

}  // namespace gateway
