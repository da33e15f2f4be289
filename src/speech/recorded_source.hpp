#pragma once
// Says the same recording whatever the text: the apology that ends the ladder.

#include "speech/speech_source.hpp"

namespace speech {

class RecordedSource final : public SpeechSource {
public:
    // An empty clip finishes without audio. `timers` must outlive this and its Utterances.
    RecordedSource(audio::Clip clip, Timers& timers) : clip_(std::move(clip)), timers_(timers) {}

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

private:
    audio::Clip clip_;
    Timers& timers_;
};

// Hands `clip` to the listener, whole and soon, and finishes: what a recording and a cache hit have in common.
std::unique_ptr<Utterance> play_clip(audio::Clip clip, Timers& timers, Listener& listener);

// Fails soon: for sources that know at once that they cannot.
std::unique_ptr<Utterance> fail_soon(Failure failure, Timers& timers, Listener& listener);

}  // namespace speech
