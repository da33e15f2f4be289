#pragma once
// One loop's speech chain and what it stands on: its sources, and what they share with other loops. speech/speech_chain draws the order
// in which they are asked.

#include "gateway/embedded_voice.hpp"
#include "gateway/loop_timers.hpp"
#include "gateway/options.hpp"
#include "net/event_loop.hpp"
#include "net/http_client.hpp"
#include "speech/speech_chain.hpp"
#include "speech/speech_source.hpp"

#include <memory>

namespace gateway {

class LoopSpeech final : public speech::SpeechSource {
public:
    LoopSpeech(net::EventLoop& loop, const Options& options, std::size_t loops, EmbeddedVoicePool& voices,
               speech::ClipMemory& memory);

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override {
        return chain_->say(request, listener);
    }

    const speech::SpeechChain& chain() const { return *chain_; }

private:
    speech::Parts parts(net::EventLoop& loop, const Options& options, EmbeddedVoicePool& voices, speech::ClipMemory& memory);

    LoopTimers timers_;
    net::HttpClient http_;
    speech::Governor governor_;
    std::unique_ptr<speech::SpeechChain> chain_;
};

}  // namespace gateway
