#pragma once
// Keeps the requests of one loop within what the account may have in flight: each takes one of the RequestSlots that
// all loops share, or waits for it. The queue is bounded, and what does not fit fails as busy.

#include "speech/request_slots.hpp"
#include "speech/speech_source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace speech {

class Governor {
public:
    struct Options {
        std::size_t waiting_max = 1000;
    };
    struct Figures {
        std::uint64_t refused = 0;
        std::uint64_t characters = 0;  // of the texts that audio came for: what is charged
    };
    // Runs work on this governor's loop, never at once. Called from any thread.
    using Post = std::function<void(std::function<void()>)>;

    // All must outlive this, and nothing that was posted may run after it has gone.
    Governor(RequestSlots& slots, Timers& timers, Post post) : Governor(slots, timers, std::move(post), Options{}) {}
    Governor(RequestSlots& slots, Timers& timers, Post post, Options options);

    std::size_t waiting() const { return waiting_.size(); }
    Figures figures() const { return figures_; }

private:
    friend class GovernedSource;
    class Governed;
    using Place = RequestSlots::Place;

    void admitted(Place place);

    RequestSlots& slots_;
    Timers& timers_;
    const Options options_;
    const RequestSlots::Admit admit_;
    std::map<Place, Governed*> waiting_;
    Figures figures_;
};

// A source whose requests take a slot each, from the first byte asked to the last received. Several sources may share a
// Governor.
class GovernedSource final : public SpeechSource {
public:
    GovernedSource(Governor& governor, SpeechSource& source) : governor_(governor), source_(source) {}

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

private:
    Governor& governor_;
    SpeechSource& source_;
};

}  // namespace speech
