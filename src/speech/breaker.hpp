#pragma once
// Keeps calls from waiting for a source that is known to be down.
//
//   closed --K passing faults in a row, or one refusal of the account--> open --backoff--> half-open --a probe
//   succeeds--> closed
//                                                                          ^------------ the probe fails ------'
//
// While open, requests fail at once ("circuit open"). Half-open lets one request through at a time. The backoff doubles
// with every failed probe, with jitter, so that many servers do not come back in step. One Breaker belongs to one
// source of one loop.

#include "speech/speech_source.hpp"

#include <cstdint>
#include <random>

namespace speech {

class Breaker {
public:
    struct Options {
        int failures_max = 5;  // in a row
        std::chrono::milliseconds backoff_min{1'000}, backoff_max{60'000};
        std::chrono::milliseconds account_backoff_min{30'000};  // a key or a plan is not mended in seconds
        // A request abandoned after this long without a byte was one that did not answer. At most the ladder's own
        // patience.
        std::chrono::milliseconds silence_max{600};
        std::uint32_t seed = 1;
    };
    enum class State { closed, open, half_open };

    explicit Breaker(Options options) : options_(options), random_(options.seed) {}

    // Whether a request may be made now. True must be followed by exactly one of answered, failed and abandoned.
    bool allow(Instant now);
    void answered();  // audio came, or an answer that blames the voice or the text: the source works
    void failed(const Failure& failure, Instant now);
    void abandoned();  // nothing was learnt

    State state() const { return state_; }
    const Options& options() const { return options_; }

private:
    void open(std::chrono::milliseconds backoff_min, Instant now);

    Options options_;
    std::minstd_rand random_;
    State state_ = State::closed;
    bool probing_ = false;
    int failures_ = 0;
    std::chrono::milliseconds backoff_{0};
    Instant retry_at_{};
};

// A source behind its breaker. All three must outlive this and its Utterances.
class BreakerSource final : public SpeechSource {
public:
    BreakerSource(Breaker& breaker, SpeechSource& source, Timers& timers)
        : breaker_(breaker), source_(source), timers_(timers) {}

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

private:
    Breaker& breaker_;
    SpeechSource& source_;
    Timers& timers_;
};

}  // namespace speech
