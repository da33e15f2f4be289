#pragma once
// What was said before is played again, from memory or from a ClipStore behind it: the same bytes, without a request.
//
// Only audio that its source finished successfully is stored, whole and long enough for its text, so a cache stands
// directly above one real source and below the ladder: nothing partial and no fallback voice can get in.

#include "speech/clip_memory.hpp"
#include "speech/clip_store.hpp"
#include "speech/speech_source.hpp"

#include <memory>
#include <string>
#include <utility>

namespace speech {

class CachedSource final : public SpeechSource {
public:
    // `store` may be null. All must outlive this and its Utterances.
    CachedSource(std::string provider, ClipMemory& memory, ClipStore* store, SpeechSource& source, Timers& timers)
        : provider_(std::move(provider)), memory_(memory), store_(store), source_(source), timers_(timers) {}

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

private:
    class Filling;

    std::string provider_;
    ClipMemory& memory_;
    ClipStore* store_;
    SpeechSource& source_;
    Timers& timers_;
};

}  // namespace speech
