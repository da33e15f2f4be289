#pragma once
// Hears how one message went, for logs and metrics. Set it on the Request (Request::observer); the ladder reports to
// it. It is told on the thread of the chain, must not block, and must not destroy the Utterance.

#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace speech {

// The totals of a message that came to its end. What was cancelled has none.
struct Spoken {
    bool complete = false;  // every sentence was handed over; false: an apology, a limit, or nothing
    std::size_t sentences = 0;
    std::size_t sentences_by_fallback = 0;  // at least partly spoken by another rung than the first
    std::chrono::microseconds audio{};
};

class SpeechObserver {
public:
    // Once for each rung and reason.
    virtual void on_rung_failed(std::string_view /*rung*/, const Failure&) {}
    // From here on the caller hears this rung instead of the first one (or of an earlier fallback).
    virtual void on_fell_back(std::string_view /*rung*/) {}
    virtual void on_first_audio(std::string_view /*rung*/, std::chrono::microseconds /*since_say*/) {}
    virtual void on_spoken(const Spoken&) {}

protected:
    ~SpeechObserver() = default;
};

}  // namespace speech
