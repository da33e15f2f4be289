#pragma once
// Says a whole message although its sources fail: sentence by sentence, each by the best rung that can, and a recorded
// apology when none can. What the caller has heard is not said again, what was not heard is said. The order of things:
//
//   Ladder           cuts the message into sentences                          (ladder.cpp)
//   SpokenMessage    delivers them in order, asks for one ahead of time       (spoken_message.cpp)
//   SentenceSpeech   takes one sentence from rung to rung, with its deadlines (sentence_speech.cpp)
//   RungMemory       knows which rung is next, and which are out of question  (rungs.cpp)
//
// A rung's failures end a message only if the apology fails as well: then on_failed. After the apology: on_finished.

#include "speech/ladder_options.hpp"
#include "speech/rungs.hpp"
#include "speech/speaking_rate.hpp"
#include "speech/speech_source.hpp"
#include "speech/text_breaks.hpp"

#include <memory>
#include <random>
#include <vector>

namespace speech {

class Ladder final : public SpeechSource {
public:
    // The sources of the rungs, the apology (null: none) and the timers must outlive this, and this its Utterances.
    Ladder(std::vector<Rung> rungs, SpeechSource* apology, Timers& timers, LadderOptions options);

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

    // What the best rung is asked for when nothing goes wrong, sentence by sentence (without the neighbouring texts).
    std::vector<Request> best_requests(const Request& request);

private:
    Voice standard_voice() const { return {.id = options_.standard_voice_id, .model = options_.standard_model}; }

    std::vector<Rung> rungs_;
    SpeechSource* apology_;
    Timers& timers_;
    LadderOptions options_;
    SentenceCutter cutter_;
    TextBreaks words_{TextBreaks::Unit::word};
    std::minstd_rand random_;
    SpeakingRates rates_;
};

}  // namespace speech
