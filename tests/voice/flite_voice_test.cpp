#include "voice/flite_voice.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>

namespace voice {
namespace {

using Samples = std::vector<std::int16_t>;

const std::string greeting = "Hello. This is a test call, number 42. Have a nice day!";

Samples say(FliteVoice& voice, const std::string& text, double speed = 1.0) {
    Samples all;
    const auto spoken = voice.speak(text, speed, [&](std::span<const std::int16_t> pcm) {
        all.insert(all.end(), pcm.begin(), pcm.end());
        return true;
    });
    EXPECT_TRUE(spoken.has_value()) << text;
    return all;
}

Samples say(FliteVoiceName name, const std::string& text, double speed = 1.0) {
    FliteVoice voice(name);
    return say(voice, text, speed);
}

double seconds(const Samples& samples, int rate_hz) {
    return static_cast<double>(samples.size()) / rate_hz;
}

double rms(std::span<const std::int16_t> samples) {
    double energy = 0;
    for (const double sample : samples) energy += sample * sample;
    return std::sqrt(energy / static_cast<double>(samples.size()));
}

class EachFliteVoice : public testing::TestWithParam<FliteVoiceName> {};
INSTANTIATE_TEST_SUITE_P(Voices, EachFliteVoice, testing::Values(FliteVoiceName::slt, FliteVoiceName::kal),
                         [](const auto& parameter) { return parameter.param == FliteVoiceName::slt ? "slt" : "kal"; });

TEST_P(EachFliteVoice, speaks_audibly_for_as_long_as_the_text_takes) {
    FliteVoice voice(GetParam());
    const Samples speech = say(voice, greeting);
    EXPECT_GT(seconds(speech, voice.sample_rate_hz()), 3.0);
    EXPECT_LT(seconds(speech, voice.sample_rate_hz()), 7.0);
    EXPECT_GT(rms(speech), 500);  // -36 dBFS
}

TEST_P(EachFliteVoice, hands_out_speech_in_chunks_while_it_is_made) {
    FliteVoice voice(GetParam());
    std::size_t chunks = 0, largest = 0;
    ASSERT_TRUE(voice.speak(greeting, 1.0, [&](std::span<const std::int16_t> pcm) {
        ++chunks;
        largest = std::max(largest, pcm.size());
        return true;
    }));
    EXPECT_GT(chunks, 20U);
    EXPECT_LT(static_cast<double>(largest) / voice.sample_rate_hz(), 0.2);
}

TEST_P(EachFliteVoice, stops_when_told_and_speaks_again) {
    FliteVoice voice(GetParam());
    int calls = 0;
    EXPECT_TRUE(voice.speak(greeting, 1.0, [&](auto) { return ++calls < 3; }).has_value());
    EXPECT_EQ(calls, 3);
    EXPECT_GT(seconds(say(voice, greeting), voice.sample_rate_hz()), 3.0);
}

// Flite itself forgets a stop that falls on the last chunk of a sentence.
TEST_P(EachFliteVoice, is_not_called_again_wherever_it_was_stopped) {
    FliteVoice voice(GetParam());
    for (int stop_at = 1; stop_at <= 35; ++stop_at) {
        int calls = 0;
        EXPECT_TRUE(
            voice.speak("Good morning. You are heard. Please wait.", 1.0, [&](auto) { return ++calls < stop_at; })
                .has_value());
        EXPECT_LE(calls, stop_at);
    }
}

TEST_P(EachFliteVoice, lets_out_what_the_listener_throws_and_speaks_again) {
    FliteVoice voice(GetParam());
    const auto fail = [](auto) -> bool { throw std::runtime_error("listener"); };
    EXPECT_THROW((void)voice.speak(greeting, 1.0, fail), std::runtime_error);
    EXPECT_FALSE(say(voice, "Hello").empty());
}

TEST_P(EachFliteVoice, speaks_faster_and_slower) {
    FliteVoice voice(GetParam());
    const auto normal = static_cast<double>(say(voice, greeting, 1.0).size());
    EXPECT_NEAR(static_cast<double>(say(voice, greeting, 1.25).size()) / normal, 1 / 1.25, 0.05);
    EXPECT_NEAR(static_cast<double>(say(voice, greeting, 0.7).size()) / normal, 1 / 0.7, 0.05);
    EXPECT_EQ(say(voice, greeting, 1.0).size(), static_cast<std::size_t>(normal)) << "speed must not stick";
}

TEST_P(EachFliteVoice, keeps_an_absurd_speed_within_bounds) {
    FliteVoice voice(GetParam());
    const std::size_t fastest = say(voice, greeting, 2.0).size(), slowest = say(voice, greeting, 0.5).size();
    for (const double speed : {1e9, std::numeric_limits<double>::infinity(), 0.0, -1.0, std::nan("")}) {
        const std::size_t size = say(voice, greeting, speed).size();
        EXPECT_GE(size, fastest) << speed;
        EXPECT_LE(size, slowest) << speed;
    }
}

TEST_P(EachFliteVoice, says_when_there_is_nothing_to_say) {
    FliteVoice voice(GetParam());
    for (const std::string text : {"", "  \n\t ", "...", "?!", "\u4f60\u597d", "\xFF\xFE\x80"}) {
        const auto spoken = voice.speak(text, 1.0, [](auto) { return ADD_FAILURE() << "no audio expected", true; });
        ASSERT_FALSE(spoken.has_value()) << text;
        EXPECT_EQ(spoken.error(), VoiceError::nothing_to_say);
    }
}

TEST_P(EachFliteVoice, refuses_text_beyond_the_limit) {
    FliteVoice voice(GetParam());
    const auto refused = voice.speak(std::string(100'000, 'a'), 1.0, [](auto) { return true; });
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), VoiceError::text_too_long);
}

TEST_P(EachFliteVoice, survives_what_people_and_attackers_send) {
    FliteVoice voice(GetParam());
    const std::string texts[] = {std::string(300, 'a'),
                                 std::string(300, '9'),
                                 std::string(120, 'M') + ".",
                                 "1/2/3/4/5/6/7/8/9/0",
                                 "1,000,000,000,000,000,000,000,000",
                                 "$1.5e99999 $$$5 $.05 $1,000,000.99 5$",
                                 "00:00 24:61 99:99:99 12:34pm",
                                 "MMMMMMMMMMMMMMMMMMM IVXLCDM",
                                 "a.b.c.d.e.f.g",
                                 "x@y.z http://a/b?c=d&e=f",
                                 "\\n %s %n %d %99999s",
                                 "<speak><break time=\"9s\"/></speak>",
                                 "'s 'S s' ' \" `a` 'tis",
                                 "hmm shh pst tsk brr zzz",
                                 "h",
                                 "1",
                                 "_",
                                 "-1",
                                 "a-",
                                 "St. Dr. Mr. Mrs. 1st 2nd 3rd 111th",
                                 "(((a))) [[b]] {{c}}",
                                 "ghghgh ptk nth",
                                 "Louis XIV, Henry VIII, Chapter IX",
                                 "555-1234 (415) 555-0100 +14155550100",
                                 "don't rock'n'roll O'Neill",
                                 "a!b?c.d,e;f:g",
                                 "1.2.3.4 ..1.. 1..2"};
    for (const auto& text : texts) {
        const auto spoken = voice.speak(text, 1.0, [](auto) { return true; });
        if (!spoken) {
            EXPECT_EQ(spoken.error(), VoiceError::nothing_to_say) << text;
        }
    }
}

TEST_P(EachFliteVoice, can_be_moved) {
    FliteVoice first(GetParam());
    FliteVoice second(std::move(first));
    EXPECT_FALSE(say(second, "Hello").empty());
    second = FliteVoice(GetParam());
    EXPECT_FALSE(say(second, "Hello").empty());
}

TEST(FliteVoice, gives_the_rates_of_its_voices) {
    EXPECT_EQ(FliteVoice(FliteVoiceName::kal).sample_rate_hz(), 8000);
    EXPECT_EQ(FliteVoice(FliteVoiceName::slt).sample_rate_hz(), 16000);
}

TEST(FliteVoice, says_the_same_samples_every_time_as_kal) {
    FliteVoice voice(FliteVoiceName::kal);
    const Samples first = say(voice, greeting);
    EXPECT_EQ(say(voice, greeting), first);
    EXPECT_EQ(say(FliteVoiceName::kal, greeting), first);
}

TEST(FliteVoice, says_different_things_for_different_texts) {
    EXPECT_NE(say(FliteVoiceName::kal, "Yes."), say(FliteVoiceName::kal, "No."));
}

// Voices that share anything would mix up their words, or their reference counts, here; run it under a race detector as
// well.
TEST(FliteVoice, speaks_from_several_threads_at_once) {
    const Samples expected = say(FliteVoiceName::kal, greeting);
    std::vector<Samples> heard(4);
    std::vector<std::size_t> slt_heard(2);
    {
        std::vector<std::jthread> threads;
        for (auto& samples : heard)
            threads.emplace_back([&samples] {
                for (int round = 0; round < 20; ++round) samples = say(FliteVoiceName::kal, greeting);
            });
        for (auto& size : slt_heard)
            threads.emplace_back([&size] {
                for (int round = 0; round < 3; ++round) size = say(FliteVoiceName::slt, greeting).size();
            });
    }
    for (const auto& samples : heard) EXPECT_EQ(samples, expected);
    EXPECT_EQ(slt_heard[0], slt_heard[1]);
}

TEST(FliteVoice, survives_random_text) {
    FliteVoice voice(FliteVoiceName::kal);
    std::mt19937 random(7);
    constexpr std::string_view interesting = "aeiouhgst .,'-:/$%0123456789MXVIC&@()\"\\";
    for (int round = 0; round < 300; ++round) {
        std::string text(random() % 40, ' ');
        for (char& c : text)
            c = round % 2 == 0 ? interesting[random() % interesting.size()] : static_cast<char>(0x20 + random() % 0x5F);
        (void)voice.speak(text, 1.0, [](auto) { return true; });
    }
}

}  // namespace
}  // namespace voice
