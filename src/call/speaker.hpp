#pragma once
// What is said on one call: requests wait in line, one utterance is synthesised at a time, its audio is played out and
// its marks tell how far it was heard. The next utterance is asked for as soon as the former has been synthesised, so
// that it is ready when the former has been played.
//
// When the playout queue is full the utterance under way is stopped, what is queued of it is played, and the overflow
// is counted.

#include "call/action.hpp"
#include "call/playout.hpp"
#include "call/short_queue.hpp"
#include "call/speech_marks.hpp"
#include "call/utterance_log.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace call {

class Speaker {
public:
    struct Options {
        Playout::Options playout{};
        std::chrono::milliseconds mark_interval{1'000};
        std::chrono::milliseconds mark_patience{5'000};
        UtteranceLog::Options utterances{};
    };
    explicit Speaker(Options options);

    // nullopt when too many are unfinished.
    std::optional<UtteranceId> say(const Passage& passage, Instant now);
    std::optional<UtteranceId> mark(std::string name, Instant now);
    // Drops everything that has not been heard: what waits, what is being synthesised, and what the peer has buffered.
    void clear(Instant now);
    // Gives up the utterance being synthesised, because the call is over.
    void stop(Instant now);

    void on_audio(audio::Clip clip, Instant now);
    void on_sentence_end(std::size_t text_end);
    void on_finished(Instant now);  // without a byte of audio it counts as failed: an empty utterance is dead air
    void on_failed(Instant now);
    SpeechMarks::Echo on_mark(std::string_view name, Instant now);
    void presume_heard(Instant now);  // the marks of what was sent are no longer waited for

    std::optional<Action> next_action(Instant now);
    std::optional<Action> next_stop();  // of next_action(), the StopSpeech only
    std::optional<Instant> next_due() const { return playout_.next_due(); }

    // Nothing is left to say, and it was all heard, or its last mark is overdue.
    bool settled(Instant now) const;
    // When a missing mark is no longer waited for; nullopt while there is something to say or no mark is missing.
    std::optional<Instant> patience_ends() const;

    bool idle() const { return waiting_.empty() && !synthesising_; }
    bool said_nothing() const { return !any_audio_; }
    bool cut_short() const { return cut_short_; }  // an utterance failed or was stopped by a full queue
    std::uint32_t overflows() const { return overflows_; }
    const Playout& playout() const { return playout_; }
    const SpeechMarks& marks() const { return marks_; }
    UtteranceLog& utterances() { return utterances_; }
    const UtteranceLog& utterances() const { return utterances_; }

private:
    void start_next();
    void end_utterance(Instant now);
    void fail_utterance(Instant now);
    void note_what_is_all_sent(Instant now);
    void abandon_synthesis();
    bool all_sent() const { return idle() && playout_.drained(); }

    Options options_;
    Playout playout_;
    SpeechMarks marks_;

    struct Waiting {
        UtteranceId id;
        speech::Request request;
    };
    UtteranceLog utterances_;
    ShortQueue<Waiting> waiting_;
    ShortQueue<UtteranceId> in_playout_;  // in order; the last one while it is synthesised
    std::uint32_t ended_in_playout_ = 0;
    std::optional<speech::Request> starting_;  // StartSpeech is owed
    bool stop_owed_ = false;
    bool clear_owed_ = false;

    bool synthesising_ = false;
    std::size_t utterance_bytes_ = 0;  // of its audio, so far
    bool any_audio_ = false;
    bool cut_short_ = false;
    std::uint32_t overflows_ = 0;
};

}  // namespace call
