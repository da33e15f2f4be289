#pragma once
// Say this text, get mu-law until its end or a failure. The one interface of the speech chain: caches, retries and
// voices all are a SpeechSource, made of others or at the end of the chain. One loop's thread calls it and is called
// back on the same thread.

#include "audio/clip.hpp"
#include "audio/voice_settings.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace speech {

using Instant = std::chrono::steady_clock::time_point;

struct Voice {
    std::string id{};  // empty: the default voice
    audio::VoiceSettings settings{};
    std::string model{};     // empty: the configured model
    std::string language{};  // empty: not stated
    friend bool operator==(const Voice&, const Voice&) = default;
};

class SpeechObserver;

struct Request {
    Secret text{};
    Voice voice{};
    Secret previous_text{}, next_text{};  // what stands before and after, for intonation; may be empty
    SpeechObserver* observer = nullptr;   // told how it went (speech_observer.hpp); must outlive the Utterance
};

struct Failure {
    enum class Kind {
        unknown_voice,       // this voice will not do, another may
        refused,             // key, account or request: the same attempt will fail again
        busy,                // concurrency limit: soon again
        unavailable,         // transport, 5xx, not audio, stalled: soon again
        cancelled_by_limit,  // our own bound on length or time
    };
    // How much else it tells about: whether the same at once is worth a try, and whether others need to try at all.
    enum class Scope {
        attempt,  // this attempt
        source,   // known to be so for now, for every request (circuit open, queue full): a retry at once is useless
        account,  // with `refused`: the key or account, so every request of every call
    };
    Kind kind = Kind::unavailable;
    std::string
        reason{};  // one short phrase for the log and the metrics label: "voice_not_found", "first byte timeout"
    Scope scope = Scope::attempt;
};

constexpr bool is_transient(Failure::Kind kind) {
    return kind == Failure::Kind::busy || kind == Failure::Kind::unavailable;
}

// Hears what becomes of one request: any number of on_audio and on_sentence_end, then exactly one of on_finished and
// on_failed, after which the source calls no more. None is called from inside say(), nor after the Utterance is
// destroyed.
class Listener {
public:
    virtual void on_audio(audio::Clip clip) = 0;
    // Of a source that cuts its text: the audio so far says the text up to this byte, where a sentence ends and another
    // follows.
    virtual void on_sentence_end(std::size_t /*text_end*/) {}
    virtual void on_finished() = 0;
    virtual void on_failed(Failure failure) = 0;

protected:
    ~Listener() = default;
};

// A request under way. Destroying it cancels it; a listener may destroy it from inside its callback.
class Utterance {
public:
    virtual ~Utterance() = default;
    // The caller's audio runs dry then: whoever is needed first is served first, and holding audio back must end by
    // then.
    virtual void needed_by(Instant) {}
};

class SpeechSource {
public:
    virtual ~SpeechSource() = default;
    // `listener` must outlive the returned Utterance.
    virtual std::unique_ptr<Utterance> say(const Request& request, Listener& listener) = 0;
};

// Time for the parts of the chain, so that tests can run it by hand.
class Timers {
public:
    // Destroying it cancels the timer. The callback may destroy its own timer, so it must be run from a place that
    // survives that.
    class Timer {
    public:
        virtual ~Timer() = default;
    };
    virtual ~Timers() = default;
    virtual Instant now() const = 0;
    // Once, never from inside after(), also when the delay is 0.
    virtual std::unique_ptr<Timer> after(std::chrono::milliseconds delay, std::function<void()> callback) = 0;
};

}  // namespace speech
