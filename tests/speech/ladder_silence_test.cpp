// Silence where speech should be.

#include "speech/hush.hpp"
#include "speech/ladder_fixture.hpp"

#include <random>

namespace {

using namespace speech;
using namespace speech::testing;

constexpr std::byte silence{0xFF};

TEST(Hush, measures_the_silence_at_the_end) {
    Hush hush(100);
    EXPECT_TRUE(hush.hear(std::vector(60, silence)));
    EXPECT_FALSE(hush.voice_heard());
    EXPECT_EQ(hush.silent_bytes(), 60U);
    EXPECT_TRUE(hush.hear(std::vector{from_socket, silence, std::byte{0x7F}}));
    EXPECT_TRUE(hush.voice_heard());
    EXPECT_EQ(hush.silent_bytes(), 2U);
    EXPECT_TRUE(hush.hear(std::vector(98, silence)));
    EXPECT_FALSE(hush.hear(std::vector(1, silence)));
}

TEST(Hush, finds_a_silence_in_the_middle_of_a_piece) {
    std::vector<std::byte> piece(300, from_socket);
    std::fill(piece.begin() + 50, piece.begin() + 151, silence);
    EXPECT_FALSE(Hush(100).hear(piece));
    EXPECT_TRUE(Hush(101).hear(piece));
}

TEST(Hush, hears_the_same_however_the_audio_is_cut) {
    constexpr std::size_t bytes_max = 20;
    std::minstd_rand random(1);
    const auto up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(1, most)(random); };
    int too_silent = 0;
    for (int round = 0; round < 2'000; ++round) {
        std::vector<std::byte> audio;
        std::size_t longest = 0, at_the_end = 0;
        for (std::size_t stretches = up_to(12); stretches > 0; --stretches) {
            const bool silent = at_the_end == 0 && up_to(2) == 1;
            const std::size_t size = up_to(bytes_max + 1);
            audio.insert(audio.end(), size, silent ? silence : from_socket);
            at_the_end = silent ? size : 0;
            longest = std::max(longest, at_the_end);
        }
        Hush hush(bytes_max);
        bool heard = true;
        for (std::span<const std::byte> rest = audio; heard && !rest.empty();) {
            const auto piece = rest.first(std::min(up_to(30), rest.size()));
            heard = hush.hear(piece);
            rest = rest.subspan(piece.size());
        }
        EXPECT_EQ(heard, longest <= bytes_max);
        if (heard) {
            EXPECT_EQ(hush.silent_bytes(), at_the_end);
        } else {
            ++too_silent;
        }
    }
    EXPECT_GT(too_silent, 100);
}

class LadderSilence : public LadderTest {
protected:
    // A voice that falls silent after so many bytes.
    static ScriptedSource::Sounds silent_from(std::size_t bytes) {
        return [bytes](const Request& request) {
            const audio::Clip whole = audio_of(request, from_socket);
            std::vector<std::byte> sound(whole.bytes().begin(), whole.bytes().end());
            std::fill(sound.begin() + static_cast<std::ptrdiff_t>(std::min(bytes, sound.size())), sound.end(), silence);
            return audio::Clip(std::move(sound));
        };
    }
    void speak(const std::string& text, ScriptedSource& voice) {
        ladder.emplace(std::vector<Rung>{{"socket", &voice, "account"}, {"local", &local, "", Rung::Speaks::own_voice}},
                       &apology, timers, options);
        say(text);
        timers.run();
        EXPECT_TRUE(listener.finished);
    }
    static Script in_chunks() { return Script(100, audio_after(5ms, 1000)); }
};

TEST_F(LadderSilence, is_not_played_as_speech) {
    ScriptedSource mute{timers, always(in_chunks()), silent_from(0)};
    speak(one, mute);
    EXPECT_EQ(runs(), (Runs{{silence, 1600}, {from_local, letters(one)}})) << "a lead-in, and all of the sentence";
    EXPECT_EQ(mute.requests.size(), 2U) << "tried once more";
    EXPECT_TRUE(saw("failed socket: silence"));
}

TEST_F(LadderSilence, is_noticed_in_a_short_text_when_it_ends) {
    ScriptedSource mute{timers, always(says_it()), silent_from(0)};
    speak("Good day.", mute);
    EXPECT_EQ(runs(), (Runs{{silence, 1600}, {from_local, letters("Good day.")}}));
}

TEST_F(LadderSilence, in_the_middle_of_a_sentence_makes_another_voice_go_on_where_it_began) {
    ScriptedSource mute{timers, always(in_chunks()), silent_from(14 * letter_bytes)};  // inside "first"
    speak(one, mute);
    EXPECT_EQ(local.texts(), Texts{"first sentence of all. "});
    const auto heard = runs();
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[0], (Runs::value_type{from_socket, 14 * letter_bytes}));
    EXPECT_LE(heard[1].second, 8000U) << "of silence";
    EXPECT_EQ(heard[2], (Runs::value_type{from_local, letters("first sentence of all. ")}));
}

TEST_F(LadderSilence, in_the_middle_of_a_sentence_ends_when_the_same_voice_speaks_again) {
    int attempts = 0;
    ScriptedSource voice{timers, always(in_chunks()), [&](const Request& request) {
                             return silent_from(attempts++ == 0 ? 14 * letter_bytes : letters(one))(request);
                         }};
    voice.script = always([] {
        Script script = in_chunks();
        script.push_back(finish_after(1ms));
        return script;
    }());
    speak(one, voice);
    const auto heard = runs();
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[0].second + heard[2].second, letters(one)) << "every byte of it, once";
    EXPECT_TRUE(local.requests.empty());
}

TEST_F(LadderSilence, before_the_first_word_is_held_back_but_for_a_lead_in) {
    ScriptedSource late{timers, always({audio_after(100ms, 4000), audio_after(300ms), finish_after(0ms)}),
                        [](const Request& request) {
                            const audio::Clip whole = audio_of(request, from_socket);
                            std::vector<std::byte> sound(whole.bytes().begin(), whole.bytes().end());
                            std::fill(sound.begin(), sound.begin() + 4000, silence);
                            return audio::Clip(std::move(sound));
                        }};
    speak(one, late);
    EXPECT_EQ(listener.bytes, letters(one));
    EXPECT_EQ(listener.clips.at(0).second.size(), 1600U) << "a lead-in goes ahead";
    EXPECT_EQ(listener.clips.at(1).first - listener.clips.at(0).first, 300ms);
}

TEST_F(LadderSilence, as_short_as_a_breath_before_the_first_word_is_passed_on_as_it_comes) {
    const auto breath = [](const Request& request) {
        const audio::Clip whole = audio_of(request, from_socket);
        std::vector<std::byte> sound(whole.bytes().begin(), whole.bytes().end());
        std::fill(sound.begin(), sound.begin() + 800, silence);
        return audio::Clip(std::move(sound));
    };
    ScriptedSource voice{timers, always({audio_after(100ms, 800), audio_after(30ms), finish_after(0ms)}), breath};
    speak(one + two, voice);
    EXPECT_EQ(listener.bytes, letters(one + two));
    EXPECT_EQ(listener.clips.at(0).second.size(), 800U);
    EXPECT_EQ(listener.clips.at(1).first - listener.clips.at(0).first, 30ms);
}

TEST_F(LadderSilence, may_be_what_the_text_asks_for) {
    const std::string pause = "Hold <break time=\"3s\" /> the line please.";
    ScriptedSource calm{timers, always(says_it()), silent_from(4000)};
    speak(pause, calm);
    EXPECT_EQ(listener.bytes, letters(pause));
    EXPECT_TRUE(local.requests.empty());
}

TEST_F(LadderSilence, may_be_what_a_text_without_a_word_sounds_like) {
    ScriptedSource calm{timers, always(says_it()), silent_from(0)};
    speak("…", calm);
    EXPECT_GT(listener.bytes, 0U);
    EXPECT_TRUE(local.requests.empty());
}

}  // namespace
