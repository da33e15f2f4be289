#pragma once
// What is said on one call: requests wait in line, one utterance is synthesised at a time, its audio is played out and
// its marks tell how far it was heard. The next utterance is asked for as soon as the former has been synthesised, so
// that it is ready when the former has been played.
//
// When the playout queue is full the utterance under way is stopped, what is queued of it is played, and the overflow
// is counted.

#include "call/action.hpp"
#include "call/playout.hpp"
#include "call/speech_marks.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace call {

class Speaker {
public:
    struct Options {
        Playout::Options playout{};
        std::chrono::milliseconds mark_interval{1'000};
        std::chrono::milliseconds mark_patience{5'000};
        std::size_t waiting_max = 32;
    };
    explicit Speaker(Options options);

    // False when too many are waiting.
    bool say(speech::Request request);
    // Drops everything that has not been heard: what waits, what is being synthesised, and what the peer has buffered.
    void clear(Instant now);
    // Gives up the utterance being synthesised, because the call is over.
    void stop();

    void on_audio(audio::Clip clip);
    void on_finished();  // without a byte of audio it counts as failed: an empty utterance is dead air
    void on_failed();
    SpeechMarks::Echo on_mark(std::string_view name) { return marks_.echoed(name); }

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

private:
    void start_next();
    void end_utterance();
    void abandon_synthesis();
    bool all_sent() const { return idle() && playout_.drained(); }

    Options options_;
    Playout playout_;
    SpeechMarks marks_;

    std::vector<speech::Request> waiting_;
    std::optional<speech::Request> starting_;  // StartSpeech is owed
    bool stop_owed_ = false;
    bool clear_owed_ = false;

    bool synthesising_ = false;
    bool utterance_has_audio_ = false;
    bool any_audio_ = false;
    bool cut_short_ = false;
    std::uint32_t overflows_ = 0;
};

}  // namespace call
