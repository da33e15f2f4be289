#pragma once
// The judgement of the ladder in numbers. What a caller may notice is silence. Within a message, when everything remote
// falls silent, it stays near silence_budget: the local voice has its audio ready by then, as a standby.

#include "speech/audio_check.hpp"
#include "speech/sentences.hpp"
#include "speech/speaking_rate.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace speech {

struct LadderOptions {
    using Millis = std::chrono::milliseconds;

    std::string standard_voice_id;  // stands for an empty Voice::id, and is the voice to fall back to
    std::string standard_model;     // stands for an empty Voice::model, so that the cache knows which it was
    SentenceCutter::Options sentences;

    // One quick retry on the same rung after a passing fault; the time between is drawn from this range, so that calls
    // that failed together do not come back together.
    Millis retry_delay_min{100}, retry_delay_max{300};
    std::uint32_t seed = 1;

    Millis resume_audio_max{
        700};  // to the first byte of an attempt, once the caller has run dry in the middle of the message
    Millis silence_budget{1'000};  // in all, when several attempts follow one another; what is left for the next one is
    Millis resume_audio_min{200};  // at least this
    Millis stall_max{600};         // without a byte in the middle of a sentence
    Millis lead_in_max{200};       // of silence before the first word that is passed on as it comes
    Millis pause_max = longest_pause;  // of audio in which nobody speaks
    Millis dry_max{500};               // silence inside one sentence because its audio comes slower than it plays
    // While the caller has more audio left than this, there is time to wait longer than the limits above.
    Millis switch_reserve{1500};

    Millis hold_margin{200};        // what is held back is handed over this long before the caller runs dry
    Millis read_ahead_max{30'000};  // the next sentence is not asked for while the caller has this much left to hear

    std::chrono::seconds sentence_audio_max{90};
    std::chrono::seconds message_audio_max{600};
    std::chrono::seconds message_time_max{900};

    // Audio that would have been spoken faster than this was cut off, whatever its source says. Speech runs at about 15
    // (spoken_units); 0 turns the check off.
    double units_per_second_max = fastest_units_per_second;
};

}  // namespace speech
