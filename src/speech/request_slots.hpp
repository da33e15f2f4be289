#pragma once
// How many requests an account has in flight, over all loops of this process: its plan allows only so many (beyond it,
// ElevenLabs answers 429). Those that must wait are admitted in the order in which their callers run dry, on whichever
// loop they are. Locked once or twice a request, never for a chunk of audio.

#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace speech {

class RequestSlots {
public:
    struct Options {
        std::size_t requests_max = 0;  // 0: not stated, so unlimited until a reply tells
        // As many as there are connections for, whatever the plan: a request without one would wait where nobody asks
        // whose caller needs it first, and its source would pass for a slow one.
        std::size_t connections_max = std::numeric_limits<std::size_t>::max();
        // What a reply says of the requests of other servers is believed for so long.
        std::chrono::milliseconds others_believed{5'000};
    };
    struct Figures {
        std::size_t in_flight = 0, waiting = 0, limit = 0;  // limit 0: none
    };
    // Our part of a plan that other instances use as well (plan_share.hpp).
    struct Share {
        std::size_t slots = 0;
        bool granted = true;  // by whoever knows what they all have in flight; else a guess, which replies correct
    };
    // What is known of the plan here, for those who share it out.
    struct Plan {
        std::size_t stated = 0, seen = 0;  // the option; what the last reply said; 0: nothing
        Instant seen_at{};
    };
    // In the queue: the earliest need first, then first come.
    using Place = std::pair<Instant, std::uint64_t>;
    // Told under the lock, on any thread, that the slot for this place is taken. Only posts it to its loop.
    using Admit = std::function<void(Place)>;

    explicit RequestSlots(Options options) : options_(options) {}

    // A slot, if one is free and nobody waits for it. Whoever got one gives it back.
    bool take(Instant now);
    void give_back(Instant now);

    // `admit` must outlive the waiting.
    Place wait(Instant needed_by, const Admit& admit);
    // False: it has been admitted meanwhile, and will hear of it.
    bool leave(Place place);

    // `current-` and `maximum-concurrent-requests` of a reply, and how many were ours when it was asked for: what is
    // more than ours is another server's.
    void note_reply(std::size_t current, std::size_t maximum, std::size_t ours, Instant now);

    // nullopt: the whole plan is ours, less what replies tell of others.
    void set_share(std::optional<Share> share, Instant now);
    // Called under the lock, on any thread, when somebody has to wait and nobody did before.
    void when_short(std::function<void()> told);

    Figures figures(Instant now) const;
    Plan plan() const;

private:
    std::optional<std::size_t> limit(Instant now) const;
    std::optional<std::size_t> unshared_limit(Instant now) const;
    bool has_slot(Instant now) const;
    void admit_waiting(Instant now);

    const Options options_;
    mutable std::mutex mutex_;
    std::size_t seen_max_ = 0, others_ = 0;
    Instant seen_at_{}, others_until_{};
    std::optional<Share> share_;
    std::function<void()> short_;
    std::size_t in_flight_ = 0;
    std::uint64_t serial_ = 0;
    std::map<Place, const Admit*> waiting_;
};

}  // namespace speech
