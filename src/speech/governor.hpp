#pragma once
// Bounds how many requests are in flight at a provider, whose plan allows only so many (beyond it, it answers 429).
// Those that must wait go in the order in which their callers run dry; the queue is bounded, and what does not fit
// fails as busy. One Governor serves one loop: its part of the plan's limit is the limit divided by the number of
// loops.

#include "speech/speech_source.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace speech {

class Governor {
public:
    struct Options {
        std::size_t requests_max = 0;  // of the account; 0: not stated, so unlimited until a reply tells
        std::size_t waiting_max = 1000;
        std::size_t loops = 1;  // that share the account
    };
    struct Figures {
        std::size_t in_flight = 0, waiting = 0, limit = 0;  // limit 0: none
        std::uint64_t refused = 0;
        std::uint64_t characters = 0;  // of the texts that audio came for: what is charged
    };

    Governor(Options options, Timers& timers) : options_(options), timers_(timers) {}

    // `maximum-concurrent-requests` of a reply. The lower of this and the option counts.
    void note_maximum(std::size_t requests_max);
    Figures figures() const;

private:
    friend class GovernedSource;
    class Governed;
    using Place = std::pair<Instant, std::uint64_t>;  // in the queue: the earliest need first, then first come

    std::size_t limit() const;
    bool has_slot() const { return limit() == 0 || in_flight_ < limit(); }
    void release();
    void admit_soon();
    void admit();

    Options options_;
    Timers& timers_;
    std::size_t seen_max_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t serial_ = 0, refused_ = 0, characters_ = 0;
    std::map<Place, Governed*> waiting_;
    std::unique_ptr<Timers::Timer> admission_;
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
