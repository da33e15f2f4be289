#pragma once
// Speech from ElevenLabs by WebSocket: one context a piece of text, on sockets that are open already. Why
// multi-stream-input, and how it is used: docs/decisions/0007-elevenlabs-websocket.md

#include "gateway/loop_timers.hpp"
#include "gateway/speech_sockets.hpp"
#include "net/event_loop.hpp"
#include "redacted.hpp"
#include "speech/speech_source.hpp"

#include <memory>
#include <string>

namespace gateway {

// "https://host" -> "wss://host"
std::string speech_socket_url(std::string base_url);

class ElevenLabsWebSocket final : public speech::SpeechSource {
public:
    struct Options {
        std::string base_url = "https://api.elevenlabs.io";  // as for HTTP
        Secret api_key{};
        std::shared_ptr<const net::Tls> authorities{};  // for https; without them nothing is reached
        std::string default_voice_id{};                 // for requests that name none; sockets are opened ahead for it
        std::string model_id = "eleven_flash_v2_5";
        std::string language{};            // the default voice's; empty: not stated
        SpeechSockets::Options sockets{};  // its address, key and voice are filled from the above
    };

    // `loop` must outlive this, and this every Utterance. Not to be destroyed from inside a listener's callback.
    ElevenLabsWebSocket(net::EventLoop& loop, const Options& options);

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override;

    SpeechSockets::Figures figures() const { return sockets_.figures(); }

private:
    LoopTimers timers_;
    const std::string default_voice_id_, model_id_;
    SpeechSockets sockets_;
};

}  // namespace gateway
