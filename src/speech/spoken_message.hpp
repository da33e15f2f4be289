#pragma once
// One message on its way to the listener: its sentences in order, each handed over whole unless the caller would run
// dry.

#include "speech/lifetime.hpp"
#include "speech/sentence_speech.hpp"
#include "speech/speech_observer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace speech {

class SpokenMessage final : public Utterance, private SentenceSpeech::Owner {
public:
    SpokenMessage(MessageState state, const Request& request, SentenceCutter& cutter, SpeechSource* apology,
                  Listener& listener);

    void needed_by(Instant when) override;

private:
    // Plays the apology through to the listener.
    struct Apology final : Listener {
        explicit Apology(SpokenMessage& owner) : message(owner) {}
        void on_audio(audio::Clip clip) override;
        void on_finished() override;
        void on_failed(Failure failure) override;
        SpokenMessage& message;
        bool heard = false;
        std::unique_ptr<Utterance> utterance;
    };

    void on_sentence_progress() override { pump(); }

    void pump();
    [[nodiscard]] bool leave_current();
    bool ask_for_sentences();
    bool may_ask_ahead() const;
    std::unique_ptr<SentenceSpeech> next_sentence();
    bool due() const;
    [[nodiscard]] bool hand_over_current();
    [[nodiscard]] bool hand_over(audio::Clip clip);
    void heard_from(std::size_t rung);
    void apologise();
    void finish(bool complete);
    void fail(Failure failure);
    void end(bool complete);
    void sleep();
    void report(std::size_t rung, const Failure& failure);

    MessageState state_;
    const std::string text_;
    std::vector<std::string_view> sentences_;  // views of text_
    SpeechSource* apology_source_;
    SpeechObserver* observer_;
    Listener& listener_;
    Instant began_at_;

    std::size_t next_ = 0;  // the first sentence not asked for yet
    std::unique_ptr<SentenceSpeech> current_, following_;
    std::optional<Apology> apology_;

    std::size_t bytes_ = 0;  // handed over
    std::size_t heard_rung_ = 0;
    Spoken totals_;
    Failure last_failure_;
    std::vector<std::pair<std::size_t, std::string>> reported_;

    bool ended_ = false;
    bool pumping_ = false;
    std::unique_ptr<Timers::Timer> wake_, limit_;
    Lifetime lifetime_;
};

}  // namespace speech
