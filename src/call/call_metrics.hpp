#pragma once
// What happens to calls, counted as verbs by every loop (relaxed atomics, a lock for the rare labelled ones; nothing
// here is touched per frame), and the Prometheus text (exposition format 0.0.4) made of it from one table.

#include "call/histogram.hpp"
#include "call/labelled_counter.hpp"
#include "call/outcome.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace call {

class CallMetrics {
public:
    void webhook_answered(
        std::string_view answer);  // "connect", "busy", "fallback", "refused", "hangup", …: a closed set of literals
    void stream_opened();
    void stream_closed(Outcome outcome, const Totals& totals);
    void speech_started();
    void speech_first_audio(std::chrono::microseconds after_request);
    void speech_finished(std::chrono::microseconds after_request);
    void speech_failed(std::string_view reason);  // bounded: at most 64 different reasons, the rest are "other"
    void account_refused();                       // beside speech_failed: no request of anybody's will do better
    void exception_caught();                      // where only the catch-all of a request knew an answer
    void fell_back(std::string_view to);          // "default_voice", "embedded_voice", "apology"
    void first_media(std::chrono::microseconds after_start);
    void prepared_speech(std::string_view fate);                      // "at_hand", "taken", "expired", "no_room"
    void request_refused(std::string_view why);                       // "signature", "token", "rate", …
    void events_told(std::string_view result, std::uint64_t events);  // "delivered", "dropped", "refused"

    // What a person looks at, of the same counters.
    struct Figures {
        std::uint64_t streams_open = 0, underruns = 0;
        std::array<std::uint64_t, outcome_count> calls{};
        LabelledCounter::Counts errors, fallbacks;
    };
    Figures figures() const;

    std::uint64_t streams_open() const { return streams_open_.load(std::memory_order_relaxed); }
    std::string render() const;

private:
    friend struct MetricFamilies;  // the table: which counter is rendered under which name
    using Counter = std::atomic<std::uint64_t>;

    Counter streams_open_{0};
    Counter streams_opened_{0};
    std::array<Counter, outcome_count> calls_{};
    Counter speech_requests_{0}, account_refusals_{0};
    Counter media_in_{0}, media_in_bytes_{0};
    Counter messages_ignored_{0};
    Counter dtmf_{0};
    Counter underruns_{0}, silence_us_{0};
    Counter queue_overflows_{0};
    Counter audio_sent_us_{0}, audio_heard_us_{0};

    Histogram first_media_, synthesis_first_audio_, synthesis_;
    LabelledCounter webhooks_{"connect", "busy", "draining", "fallback", "hangup", "say"};
    LabelledCounter fallbacks_{"embedded_voice", "apology"};
    LabelledCounter prepared_{"at_hand", "taken", "expired", "no_room"};
    LabelledCounter errors_{"exception"}, refused_{"signature"};
    LabelledCounter events_{"delivered", "dropped", "refused"};
};

}  // namespace call
