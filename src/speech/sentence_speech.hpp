#pragma once
// One sentence on its way down the ladder: asks rung after rung until one has said it whole, and keeps the audio until
// it is taken.
//
// As long as none of its audio has been taken, a failure leaves no trace: the next attempt says the sentence from its
// start. Afterwards
//   the same voice again    says the sentence again, and as many bytes as were taken are skipped;
//   another voice           carries on at the word that was being spoken, by the rate of the voice that broke off. The
//                           estimate goes back to the start of that word: part of it may be heard twice, but nothing
//                           is left out.
//
// A rung is not waited for alone. When half of the time it may take is over, the next one is asked as well, as a
// standby: the same voice by another way speaks as soon as it has audio, another voice once the first has failed or its
// time is over. The standby is sent away when the first one speaks after all.

#include "speech/attempt.hpp"
#include "speech/ladder_options.hpp"
#include "speech/rungs.hpp"
#include "speech/speaking_rate.hpp"
#include "speech/speech_source.hpp"
#include "speech/text_breaks.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace speech {

// What the sentences of one message share.
struct MessageState {
    const LadderOptions& options;
    std::span<const Rung> rungs;
    Timers& timers;
    TextBreaks& words;
    std::minstd_rand& random;
    RungMemory memory;
    SpeakingRates& rates;
    std::function<void(std::size_t rung, const Failure&)> report;
    Instant runs_dry_at;     // when the caller will have heard all that was handed over
    bool heard_any = false;  // whether anything was handed over
    // Silence the caller has heard since it last ran dry, less the speech since: what makes waiting worse.
    std::chrono::steady_clock::duration silence{};
};

class SentenceSpeech final : private Attempt::Owner {
public:
    enum class State {
        speaking,
        whole,      // every byte has arrived
        exhausted,  // no rung could say it (or the rest of it)
    };

    class Owner {
    public:
        // Audio has come or the state has changed. May destroy the sentence.
        virtual void on_sentence_progress() = 0;

    protected:
        ~Owner() = default;
    };

    struct Text {
        std::string_view sentence, previous, next;  // must outlive the SentenceSpeech
    };

    SentenceSpeech(MessageState& message, Text text, Owner& owner);

    // Asks the first rung. Does not call the owner.
    void start();

    State state() const { return state_; }
    bool has_audio() const { return !queue_.empty(); }
    bool opened() const { return opened_; }
    bool fell_back() const { return fell_back_; }

    struct Audio {
        audio::Clip clip;
        std::size_t rung;
    };
    Audio take();

    // MessageState::runs_dry_at has changed.
    void needed_by_changed();

private:
    // Where an attempt has to begin: the text from a place on, without so many bytes of its audio.
    struct Start {
        std::size_t text_at, skip_bytes;
    };
    struct Standby {
        std::unique_ptr<Attempt> attempt;
        std::deque<audio::Clip> audio{};
        bool finished = false;
    };

    void on_attempt_audio(Attempt& attempt, audio::Clip clip) override;
    void on_attempt_ended(Attempt& attempt, std::optional<Failure> failure) override;

    void keep(audio::Clip clip);
    void ask(std::size_t rung);
    void ask_again();
    std::unique_ptr<Attempt> attempt_at(std::size_t rung);
    void judge_finished();
    void attempt_failed(const char* reason);
    void leave_attempt(const Failure& failure, bool retry);
    void take_back(std::size_t bytes);
    void retry_soon();
    void next_rung(Failure::Kind kind);
    void end(State state);

    void stand_by();
    void on_standby_audio(audio::Clip clip);
    void on_standby_failed(const Failure& failure);
    void restart_standby();
    void take_over();

    Start start_for(std::size_t rung) const;
    void go_on_at(Start start);
    Instant give_up_at() const;
    Instant stand_by_at() const;
    void watch_deadline();
    void on_deadline();
    bool too_slow();
    std::string_view rest() const { return text_.sentence.substr(said_from_); }
    std::string voice_label(std::size_t rung) const;

    MessageState& message_;
    Text text_;
    Owner& owner_;

    State state_ = State::speaking;
    std::deque<Audio> queue_;
    bool opened_ = false;  // some of the audio has been taken
    bool fell_back_ = false;

    std::size_t rung_ = 0;
    Instant rung_asked_at_;
    TriedRungs tried_;
    bool retried_ = false;
    std::size_t said_from_ = 0;   // byte of the sentence where the voice of now began
    std::size_t said_bytes_ = 0;  // audio kept from that voice, over all its attempts
    std::chrono::steady_clock::duration dry_{};

    std::unique_ptr<Attempt> speaker_;      // null: between a failure and its retry
    std::optional<Standby> standby_;        // begins at start_for(its rung): goes when that changes
    bool stood_by_ = false;                 // one has been asked since the speaker was heard last
    std::unique_ptr<Timers::Timer> timer_;  // a deadline, or the pause before a retry
};

}  // namespace speech
