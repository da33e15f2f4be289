#pragma once
// Phrases said into the cache before anybody calls, so that the first caller hears them at once: one after another on
// one loop's speech chain, behind everything that a call needs.
//
//   # what the file looks like: one phrase a line
//   Thank you for calling.
//   21m00Tcm4TlvDq8ikWAM|The same in another voice.

#include "gateway/options.hpp"
#include "numbers/rules.hpp"
#include "redacted.hpp"
#include "speech/speech_observer.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class LoopServices;

struct Phrase {
    std::size_t line = 0;  // in its file, from 1
    std::string voice_id;  // empty: the default voice
    Secret text;
    std::optional<speech::Voice> voice{};  // of a greeting; none: the default voice, with `voice_id`
};

// The error is a sentence that names the line.
std::expected<std::vector<Phrase>, std::string> read_phrases(std::string_view text);
std::expected<std::vector<Phrase>, std::string> read_phrase_file(const std::string& path);

// The greetings of the numbers, each text and voice once; those that are different for every call are left out. `line`
// is that of the rule.
std::vector<Phrase> greetings_of(const numbers::Rules& rules, const numbers::CallSettings& servers);

class Warming final : private speech::Listener, private speech::SpeechObserver {
public:
    struct Result {
        const Phrase& phrase;
        bool cached_already = false;  // nobody had to be asked
        std::chrono::milliseconds took{};
        std::size_t audio_bytes = 0;
        std::optional<std::string> failure{};  // why it is not in the cache in the voice that was meant
    };
    using OnPhrase = std::function<void(const Result&)>;

    // Begins when the loop runs. `on_phrase` is called for every phrase in turn, `on_done` last; both on the loop, and
    // neither may destroy this. Destroying it stops.
    Warming(LoopServices& loop, std::vector<Phrase> phrases, OnPhrase on_phrase, std::function<void()> on_done);
    ~Warming();

private:
    void on_audio(audio::Clip clip) override;
    void on_finished() override;
    void on_failed(speech::Failure failure) override;
    void on_rung_failed(std::string_view rung, const speech::Failure& failure) override;
    void on_fell_back(std::string_view rung) override;
    void on_spoken(const speech::Spoken& spoken) override { complete_ = spoken.complete; }

    void next();
    void end_phrase(std::optional<std::string> failure);
    std::uint64_t misses() const;

    LoopServices& loop_;
    const std::vector<Phrase> phrases_;
    const OnPhrase on_phrase_;
    const std::function<void()> on_done_;

    // Of the phrase that is being said.
    std::size_t at_ = 0;
    std::unique_ptr<speech::Utterance> utterance_;
    speech::Instant asked_{};
    std::uint64_t misses_before_ = 0;
    std::size_t audio_bytes_ = 0;
    bool complete_ = false, other_voice_ = false;
    std::string last_reason_;
    std::unique_ptr<speech::Timers::Timer> begin_;
};

// `mouthpiece serve --warm`: into the cache of a server that is about to run, with one line in the log at the end.
std::unique_ptr<Warming> warm_in_background(LoopServices& loop, std::vector<Phrase> phrases);

// `mouthpiece warm [phrases.txt]`: with the greetings of the numbers into the cache on disk, a line for each. The exit
// status: 0 when every phrase is there in its own voice, 1 when one is not, 2 when nothing could be tried.
int run_warm(Options options, const std::optional<std::string>& phrase_file);

}  // namespace gateway
