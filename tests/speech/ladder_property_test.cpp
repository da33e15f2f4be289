// Whatever its sources do, the ladder's listener hears the whole message, in order, once. Every voice has a tape of the
// message: a clip handed over is a stretch of a tape, so each byte heard tells whose it is and where in the text it
// belongs.

#include "speech/ladder.hpp"
#include "speech/scripted_source.hpp"
#include "speech/speaking_rate.hpp"

#include <random>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;
using Kind = Failure::Kind;

// Words of four letters, each different and with its only 'w' in front, so that every stretch of text has one place
// only.
std::string random_message(std::minstd_rand& random) {
    std::string text;
    unsigned word = 0;
    for (auto sentences = 1 + random() % 5; sentences > 0; --sentences) {
        for (auto words = 1 + random() % 14; words > 0; --words, ++word) {
            const auto letter = [&](unsigned place) { return static_cast<char>('a' + word / place % 20); };
            text += {'w', letter(400), letter(20), letter(1)};
            text += words > 1 ? " " : "! ";
        }
    }
    return text;
}

struct Tapes {
    explicit Tapes(std::string message) : text(std::move(message)) {
        for (auto& tape : voices) tape = audio::Clip(std::vector<std::byte>(text.size() * letter_bytes));
    }
    audio::Clip of(std::size_t voice, const Request& request) const {
        const std::size_t at = text.find(request.text.reveal());
        EXPECT_NE(at, std::string::npos);
        return voices[voice].from(at * letter_bytes).first(request.text.reveal().size() * letter_bytes);
    }
    // {voice, first byte} of a clip.
    std::pair<std::size_t, std::size_t> place(const audio::Clip& clip) const {
        for (std::size_t voice = 0; voice < std::size(voices); ++voice) {
            const std::byte* begin = voices[voice].bytes().data();
            const std::less_equal<> ordered;
            if (ordered(begin, clip.bytes().data()) &&
                ordered(clip.bytes().data() + clip.size(), begin + voices[voice].size()))
                return {voice, static_cast<std::size_t>(clip.bytes().data() - begin)};
        }
        ADD_FAILURE() << "audio of nobody";
        return {};
    }
    std::string text;
    audio::Clip voices[4];  // asked, standard, local, apology
};

// A source that may fail before, in and after its audio, stall, stop short, say nothing, drip or behave.
Script random_script(std::minstd_rand& random, const Request& request) {
    const auto ms = [&](unsigned most) { return milliseconds{random() % (most + 1)}; };
    const std::size_t whole = request.text.reveal().size() * letter_bytes;
    Script script;
    const auto audio_up_to = [&](std::size_t bytes) {
        while (bytes > 0) {
            const std::size_t chunk = std::min<std::size_t>(bytes, 1 + random() % 9000);
            script.push_back(audio_after(ms(random() % 8 == 0 ? 500 : 30), chunk));
            bytes -= chunk;
        }
    };
    const auto fault = [&] {
        static constexpr Kind kinds[] = {Kind::unknown_voice, Kind::refused, Kind::busy, Kind::unavailable,
                                         Kind::unavailable};
        script.push_back(fail_after(ms(200), kinds[random() % std::size(kinds)]));
    };
    script.push_back({ms(400), Step::Does::audio, 1, {}});
    switch (random() % 8) {
        case 0:
            script.clear();
            fault();
            break;
        case 1:
            audio_up_to(1 + random() % whole);
            fault();
            break;
        case 2:
            audio_up_to(whole);
            fault();
            break;
        case 3:
            audio_up_to(random() % whole);
            break;  // stalls
        case 4:
            script = {finish_after(ms(100))};
            break;  // says nothing
        case 5:
            audio_up_to(random() % (whole * 9 / 10));
            script.push_back(finish_after(ms(20)));
            break;  // stops short
        default:
            audio_up_to(whole);
            script.push_back(finish_after(ms(50)));
            break;
    }
    return script;
}

std::size_t word_start(std::string_view text, std::size_t letter) {
    letter = std::min(letter, text.size());
    while (letter > 0 && text[letter - 1] != 'w') --letter;
    return letter == 0 ? 0 : letter - 1;
}

// Walks through what was heard: the same voice goes on at the very byte; another begins at a word that is not over, at
// most one back.
void expect_told_once_in_order(const Tapes& tapes, const RecordingListener& listener, std::uint32_t seed) {
    std::size_t at = 0;
    std::optional<std::size_t> last_voice;
    bool apologised = false;
    for (const auto& [when, clip] : listener.clips) {
        const auto [voice, begin] = tapes.place(clip);
        ASSERT_FALSE(apologised) << "speech after the apology, seed " << seed;
        if (voice == 3) {
            apologised = true;
            continue;
        }
        if (voice == last_voice.value_or(voice)) {
            ASSERT_EQ(begin, at) << "seed " << seed;
        } else {
            ASSERT_LE(begin, at) << "something was left out, seed " << seed;
            ASSERT_GE(begin, word_start(tapes.text, (at - 1) / letter_bytes) * letter_bytes)
                << "said twice, seed " << seed;
        }
        at = begin + clip.size();
        last_voice = voice;
    }
    ASSERT_TRUE(listener.finished) << "seed " << seed;
    if (!apologised) {
        ASSERT_EQ(at, tapes.text.size() * letter_bytes) << "seed " << seed;
    }
}

struct Scene {
    explicit Scene(std::uint32_t seed, bool local_works)
        : random(seed),
          tapes(random_message(random)),
          socket(timers, faulty(), sounds(0)),
          http(timers, faulty(), sounds(0)),
          local(timers, local_works ? [](const Request&) { return says_it(); } : faulty(), sounds(2)),
          apology(
              timers, [](const Request&) { return says_it(); }, [this](const Request&) { return tapes.voices[3]; }) {
        options.standard_voice_id = "standard";
        options.units_per_second_max = 15.5;  // any cut of more than a few percent is seen
        options.sentences.sentence_bytes_max = 40 + random() % 100;
        ladder.emplace(std::vector<Rung>{{"socket", &socket, "account"},
                                         {"http", &http, "account"},
                                         {"standard", &http, "account", Rung::Speaks::standard_voice},
                                         {"local", &local, "", Rung::Speaks::own_voice}},
                       &apology, timers, options);
    }
    ScriptedSource::Writes faulty() {
        return [this](const Request& request) {
            Script script = random_script(random, request);
            // Of a few words no one can tell that the end is missing.
            const bool stops_short = !script.empty() && script.back().does == Step::Does::finish;
            if (stops_short && spoken_units(request.text.reveal()) < 20) return says_it();
            return script;
        };
    }
    ScriptedSource::Sounds sounds(std::size_t voice) {
        return [this, voice](const Request& request) {
            return tapes.of(request.voice.id == "standard" ? 1 : voice, request);
        };
    }

    std::minstd_rand random;
    ManualTimers timers;
    Tapes tapes;
    ScriptedSource socket, http, local, apology;
    LadderOptions options;
    std::optional<Ladder> ladder;
};

TEST(LadderProperty, the_whole_message_is_heard_once_and_in_order_whatever_the_sources_do) {
    int complete = 0, by_several = 0;
    for (std::uint32_t seed = 1; seed <= 4000; ++seed) {
        Scene scene(seed, seed % 4 != 0);
        RecordingListener listener(scene.timers);
        RecordingObserver observer;
        Request request = request_for(scene.tapes.text);
        request.observer = &observer;
        const auto utterance = scene.ladder->say(request, listener);
        scene.timers.run();
        expect_told_once_in_order(scene.tapes, listener, seed);
        if (::testing::Test::HasFatalFailure()) return;
        ASSERT_TRUE(observer.spoken.complete || seed % 4 == 0) << "the local voice works, seed " << seed;
        ASSERT_EQ(scene.timers.waiting(), 0U) << "seed " << seed;
        ASSERT_EQ(scene.socket.live + scene.http.live + scene.local.live + scene.apology.live, 0) << "seed " << seed;
        complete += observer.spoken.complete ? 1 : 0;
        by_several += observer.spoken.sentences_by_fallback > 0 ? 1 : 0;
    }
    // The scripts must reach both the good and the bad ends, or nothing was tested.
    EXPECT_GT(complete, 3000);
    EXPECT_GT(by_several, 1000);
}

TEST(LadderProperty, nothing_is_heard_after_destruction_and_nothing_is_left) {
    for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
        Scene scene(seed, false);
        RecordingListener listener(scene.timers);
        auto utterance = scene.ladder->say(request_for(scene.tapes.text), listener);
        const bool from_inside = seed % 2 == 0;
        bool destroyed = false;
        const auto destroy = [&] {
            utterance.reset();
            destroyed = true;
        };
        std::size_t left = 1 + scene.random() % 6;
        listener.when_audio = [&] {
            ASSERT_FALSE(destroyed) << "seed " << seed;
            if (from_inside && --left == 0) destroy();
        };
        listener.when_ended = [&] { ASSERT_FALSE(destroyed) << "seed " << seed; };
        scene.timers.run(milliseconds{scene.random() % 6000});
        if (!destroyed) destroy();
        ASSERT_EQ(scene.timers.waiting(), 0U) << "seed " << seed;
        scene.timers.run();
    }
}

}  // namespace
