#pragma once
// Identical texts meet on one loop, so that a hundred calls that ask for the same sentence at once, on whichever loops
// they are, make one request: the text's hash says which loop asks for it, and the others have its audio posted to
// them. What is in the shared memory already is played by the loop that needs it, without a detour.

#include "net/event_loop.hpp"
#include "speech/clip_memory.hpp"
#include "speech/speech_source.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gateway {

class MeetingPoint final : public speech::SpeechSource {
public:
    // A loop and the same source on it.
    struct Place {
        net::EventLoop* loop = nullptr;
        speech::SpeechSource* source = nullptr;
    };
    // Asked at the first say(), when every loop has been built.
    using Places = std::function<std::vector<Place>()>;

    // `own` is this source on this loop, position `self` in places(). `provider` as in the cache's key.
    MeetingPoint(std::size_t self, std::string provider, const speech::ClipMemory& memory, speech::SpeechSource& own,
                 Places places)
        : self_(self), provider_(std::move(provider)), memory_(memory), own_(own), ask_for_places_(std::move(places)) {}

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override;

private:
    std::size_t home_of(const speech::ClipKey& key) const;

    const std::size_t self_;
    const std::string provider_;
    const speech::ClipMemory& memory_;
    speech::SpeechSource& own_;
    Places ask_for_places_;
    std::vector<Place> places_;
};

}  // namespace gateway
