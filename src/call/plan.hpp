#pragma once
// What a call is to hear. Made by the webhook, and once more for each new stream of a call that lost one: then with
// what the caller has heard of it.

#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace call {

enum class AfterSpeech { stay, hang_up };

// A text, of which so many bytes have been heard on an earlier stream: what is said begins behind them.
struct Passage {
    speech::Request speech{};
    std::size_t heard_bytes = 0;

    bool heard() const { return heard_bytes >= speech.text.reveal().size(); }
    speech::Request rest() const;
};

struct CallPlan {
    speech::Request speech{};  // the message; an empty text: there is none
    AfterSpeech after_speech = AfterSpeech::stay;
    bool record = false;
    std::optional<std::chrono::milliseconds> call_duration_max{};  // none: as the session's options say
    std::size_t heard_bytes = 0;                                   // of the message, as in Passage
    std::vector<Passage> then{};                                   // behind it: what else was asked for

    Passage message() const { return {speech, heard_bytes}; }
    std::vector<Passage> unheard() const;  // in the order in which it is said
    bool over() const { return after_speech == AfterSpeech::hang_up && unheard().empty(); }
    speech::Request opening() const;  // the first of it; an empty text: there is none
};

}  // namespace call
