#pragma once
// One request at one rung for a sentence, or for the rest of it: passes on what is new to the caller, and notices when
// it is silence. What comes before the first sound is held back until there is one, but for a lead-in.

#include "speech/hush.hpp"
#include "speech/lifetime.hpp"
#include "speech/speech_source.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace speech {

class Attempt final : private Listener {
public:
    static constexpr const char* silence = "silence";  // the reason of such a failure

    // Either may destroy the attempt.
    class Owner {
    public:
        virtual void on_attempt_audio(Attempt& attempt, audio::Clip clip) = 0;
        // Once, and nothing after it. No failure: the source says that this was all.
        virtual void on_attempt_ended(Attempt& attempt, std::optional<Failure> failure) = 0;

    protected:
        ~Owner() = default;
    };

    struct Plan {
        std::size_t rung;
        Request request;
        std::size_t skip_bytes = 0;                    // the caller has them
        std::optional<std::size_t> silence_bytes_max;  // more of it at a stretch is no speech; none: it may be
        std::size_t lead_in_bytes_max = 0;             // so much silence may go ahead of the first sound
    };
    // `source`, `timers` and `owner` must outlive it.
    Attempt(const Plan& plan, SpeechSource& source, const Timers& timers, Owner& owner);

    void needed_by(Instant when) { utterance_->needed_by(when); }

    std::size_t rung() const { return rung_; }
    std::size_t bytes() const { return bytes_; }                // all that has come, skipped ones too
    std::size_t silent_bytes() const { return silent_bytes_; }  // at the end of what was passed on
    Instant asked_at() const { return asked_at_; }
    std::size_t new_bytes() const { return new_bytes_; }  // passed on
    Instant heard_at() const { return heard_at_; }        // when the last of them came; before: asked_at()

private:
    void on_audio(audio::Clip clip) override;
    void on_finished() override;
    void on_failed(Failure failure) override { owner_.on_attempt_ended(*this, std::move(failure)); }
    bool pass_on(std::size_t bytes_max);

    const std::size_t rung_;
    const Timers& timers_;
    Owner& owner_;
    const Instant asked_at_;
    std::size_t to_skip_, bytes_ = 0, new_bytes_ = 0, silent_bytes_ = 0;
    const std::size_t lead_in_bytes_max_;
    const bool may_be_silent_;
    Hush hush_;
    std::deque<audio::Clip> hushed_;  // silence before the first sound
    Instant heard_at_;
    Lifetime lifetime_;
    std::unique_ptr<Utterance> utterance_;
};

}  // namespace speech
