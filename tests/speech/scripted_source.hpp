#pragma once
// Working doubles for the speech chain: time that moves when told, sources that follow a script, a listener that keeps
// everything.

#include "audio/mulaw.hpp"
#include "speech/speech_observer.hpp"
#include "speech/speech_source.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace speech::testing {

using std::chrono::milliseconds;

class ManualTimers final : public Timers {
public:
    Instant now() const override { return now_; }

    std::unique_ptr<Timer> after(milliseconds delay, std::function<void()> callback) override {
        const Key key{now_ + delay, serial_++};
        queue_.emplace(key, std::move(callback));
        return std::make_unique<Entry>(*this, key);
    }

    // Moves time forward, running what falls due on the way, in order.
    void advance(milliseconds duration) {
        const Instant end = now_ + duration;
        while (!queue_.empty() && queue_.begin()->first.first <= end) run_first();
        now_ = end;
    }
    // Until nothing is waiting, at most for `duration`.
    void run(milliseconds duration = std::chrono::hours{1}) {
        const Instant end = now_ + duration;
        while (!queue_.empty() && queue_.begin()->first.first <= end) run_first();
    }
    std::size_t waiting() const { return queue_.size(); }
    milliseconds elapsed() const { return std::chrono::duration_cast<milliseconds>(now_ - beginning()); }

private:
    using Key = std::pair<Instant, std::uint64_t>;
    struct Entry final : Timer {
        Entry(ManualTimers& timers, Key key) : owner(timers), at(key) {}
        ~Entry() override { owner.queue_.erase(at); }
        ManualTimers& owner;
        Key at;
    };
    static Instant beginning() { return Instant{} + std::chrono::hours{100}; }

    void run_first() {
        const auto first = queue_.begin();
        now_ = first->first.first;
        const auto callback = std::move(first->second);  // outlives its timer, as the contract asks
        queue_.erase(first);
        callback();
    }

    Instant now_ = beginning();
    std::uint64_t serial_ = 0;
    std::map<Key, std::function<void()>> queue_;
};

// One thing a source does, `after` the one before. A script that ends without finish or fail hangs.
struct Step {
    enum class Does { audio, finish, fail };
    milliseconds after{0};
    Does does = Does::finish;
    std::size_t bytes = 0;  // of audio; 0: all that is left
    Failure failure;
};
using Script = std::vector<Step>;

inline Step audio_after(milliseconds after, std::size_t bytes = 0) {
    return {after, Step::Does::audio, bytes, {}};
}
inline Step finish_after(milliseconds after) {
    return {after, Step::Does::finish, 0, {}};
}
inline Step fail_after(milliseconds after, Failure::Kind kind, std::string reason = "scripted",
                       Failure::Scope scope = Failure::Scope::attempt) {
    return {after, Step::Does::fail, 0, Failure{kind, std::move(reason), scope}};
}
inline Script says_it() {
    return {audio_after(milliseconds{200}), finish_after(milliseconds{10})};
}
inline Script hangs() {
    return {};
}

// 15 letters a second.
inline constexpr std::size_t letter_bytes = 533;
inline audio::Clip audio_of(const Request& request, std::byte filling = std::byte{0x55}) {
    return audio::Clip(std::vector<std::byte>(request.text.reveal().size() * letter_bytes, filling));
}

class ScriptedSource final : public SpeechSource {
public:
    using Writes = std::function<Script(const Request&)>;
    using Sounds = std::function<audio::Clip(const Request&)>;

    ScriptedSource(
        Timers& timers, Writes writes, Sounds sounds = [](const Request& r) { return audio_of(r); })
        : script(std::move(writes)), timers_(timers), sounds_(std::move(sounds)) {}

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override {
        requests.push_back(request);
        return std::make_unique<Playing>(*this, script(request), sounds_(request), listener);
    }

    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (const Request& request : requests) out.push_back(request.text.reveal());
        return out;
    }

    Writes script;
    std::vector<Request> requests;
    std::vector<Instant> needs;  // every needed_by heard
    int live = 0, live_max = 0;  // requests neither ended nor cancelled

private:
    struct Playing final : Utterance {
        Playing(ScriptedSource& owner, Script steps, audio::Clip clip, Listener& to)
            : source(owner), script(std::move(steps)), rest(std::move(clip)), listener(to) {
            source.live_max = std::max(source.live_max, ++source.live);
            next();
        }
        ~Playing() override { end(); }
        void end() { source.live -= std::exchange(running, false) ? 1 : 0; }
        void needed_by(Instant when) override { source.needs.push_back(when); }
        void next() {
            if (at < script.size()) timer = source.timers_.after(script[at].after, [this] { perform(); });
        }
        void perform() {
            const Step step = script[at++];
            if (step.does != Step::Does::audio) end();
            if (step.does == Step::Does::finish) return listener.on_finished();
            if (step.does == Step::Does::fail) return listener.on_failed(step.failure);
            const std::size_t bytes = step.bytes == 0 ? rest.size() : std::min(step.bytes, rest.size());
            const audio::Clip now = rest.first(bytes);
            rest = rest.from(bytes);
            next();  // before the call, which may destroy this
            listener.on_audio(now);
        }
        ScriptedSource& source;
        Script script;
        std::size_t at = 0;
        audio::Clip rest;
        Listener& listener;
        bool running = true;
        std::unique_ptr<Timers::Timer> timer;
    };

    Timers& timers_;
    Sounds sounds_;
};

class RecordingListener final : public Listener {
public:
    explicit RecordingListener(const Timers& timers) : timers_(timers) {}

    void on_audio(audio::Clip clip) override {
        EXPECT_FALSE(ended()) << "audio after the end";
        clips.push_back({timers_.now(), clip});
        bytes += clip.size();
        if (when_audio) when_audio();
    }
    void on_sentence_end(std::size_t text_end) override {
        EXPECT_FALSE(ended()) << "a sentence's end after the end";
        sentence_ends.emplace_back(text_end, bytes);
        if (when_sentence_ends) when_sentence_ends();
    }
    void on_finished() override {
        EXPECT_FALSE(ended()) << "a second end";
        finished = true;
        if (when_ended) when_ended();
    }
    void on_failed(Failure why) override {
        EXPECT_FALSE(ended()) << "a second end";
        failure = std::move(why);
        if (when_ended) when_ended();
    }
    bool ended() const { return finished || failure.has_value(); }

    std::vector<std::byte> heard() const {
        std::vector<std::byte> out;
        for (const auto& [at, clip] : clips) out.insert(out.end(), clip.bytes().begin(), clip.bytes().end());
        return out;
    }

    std::vector<std::pair<Instant, audio::Clip>> clips;
    std::size_t bytes = 0;
    std::vector<std::pair<std::size_t, std::size_t>> sentence_ends;  // in the text, and in the audio
    bool finished = false;
    std::optional<Failure> failure;
    std::function<void()> when_audio, when_ended, when_sentence_ends;

private:
    const Timers& timers_;
};

class RecordingObserver final : public SpeechObserver {
public:
    void on_rung_failed(std::string_view rung, const Failure& failure) override {
        events.push_back("failed " + std::string(rung) + ": " + failure.reason);
    }
    void on_fell_back(std::string_view rung) override { events.push_back("fell back to " + std::string(rung)); }
    void on_first_audio(std::string_view rung, std::chrono::microseconds since_say) override {
        events.push_back("first audio " + std::string(rung) + " " + std::to_string(since_say.count() / 1000) + " ms");
    }
    void on_spoken(const Spoken& totals) override {
        events.push_back(totals.complete ? "spoken" : "not spoken");
        spoken = totals;
    }
    std::vector<std::string> events;
    Spoken spoken;
};

inline Request request_for(std::string text, std::string voice_id = "asked") {
    Request request;
    request.text = Secret{std::move(text)};
    request.voice.id = std::move(voice_id);
    return request;
}

}  // namespace speech::testing
