#pragma once
// The ladder with its usual rungs, each played by a script.

#include "speech/ladder.hpp"
#include "speech/recorded_source.hpp"
#include "speech/scripted_source.hpp"

#include <algorithm>

namespace speech::testing {

using namespace std::chrono_literals;
using Kind = Failure::Kind;
using Events = std::vector<std::string>;
using Texts = std::vector<std::string>;

inline constexpr std::byte from_socket{1}, from_http{2}, from_local{3}, sorry{4};

// The usual rungs: a socket and HTTP of one account, the standard voice by HTTP, a local voice, an apology.
class LadderTest : public ::testing::Test {
protected:
    LadderTest() { options.standard_voice_id = "standard"; }

    static ScriptedSource::Sounds sound(std::byte filling) {
        return [filling](const Request& request) { return audio_of(request, filling); };
    }
    static ScriptedSource::Writes always(Script script) {
        return [script](const Request&) { return script; };
    }
    // Plays one script after the other, the last one again and again.
    static ScriptedSource::Writes in_turn(std::vector<Script> scripts) {
        return [scripts, at = std::size_t{0}](const Request&) mutable {
            return scripts[std::min(at++, scripts.size() - 1)];
        };
    }

    void say(std::string text, std::string voice_id = "asked") {
        if (!ladder) {
            const auto standard = Rung::Speaks::standard_voice, own = Rung::Speaks::own_voice;
            ladder.emplace(std::vector<Rung>{{"socket", &socket, "account"},
                                             {"http", &http, "account"},
                                             {"http standard", &http, "account", standard},
                                             {"local", &local, "", own}},
                           &apology, timers, options);
        }
        Request request = request_for(std::move(text), std::move(voice_id));
        request.observer = &observer;
        utterance = ladder->say(request, listener);
    }

    // Which source was heard, in runs: {filling, bytes}.
    std::vector<std::pair<std::byte, std::size_t>> runs() const {
        std::vector<std::pair<std::byte, std::size_t>> out;
        for (const std::byte b : listener.heard()) {
            if (out.empty() || out.back().first != b) out.push_back({b, 0});
            ++out.back().second;
        }
        return out;
    }
    std::size_t letters(std::string_view text) const { return text.size() * letter_bytes; }
    bool saw(const std::string& event) const {
        return std::ranges::find(observer.events, event) != observer.events.end();
    }

    ManualTimers timers;
    LadderOptions options;
    ScriptedSource socket{timers, always(says_it()), sound(from_socket)};
    ScriptedSource http{timers, always(says_it()), sound(from_http)};
    ScriptedSource local{timers, always({audio_after(20ms), finish_after(1ms)}), sound(from_local)};
    RecordedSource apology{audio::Clip(std::vector<std::byte>(8000, sorry)), timers};
    std::optional<Ladder> ladder;
    RecordingListener listener{timers};
    RecordingObserver observer;
    std::unique_ptr<Utterance> utterance;
};

inline const std::string one = "This is the first sentence of all. ";
inline const std::string two = "Then a second sentence follows it. ";
inline const std::string three = "The third one is the last of them.";
using Runs = std::vector<std::pair<std::byte, std::size_t>>;

}  // namespace speech::testing
