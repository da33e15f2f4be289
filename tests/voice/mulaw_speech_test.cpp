#include "voice/mulaw_speech.hpp"

#include "audio/loudness.hpp"
#include "audio/mulaw.hpp"

#include <gtest/gtest.h>

namespace voice {
namespace {

using namespace std::chrono_literals;

const std::string greeting = "Hello. This is a test call. Have a nice day!";

std::vector<std::byte> say(FliteVoiceName name, const std::string& text) {
    FliteVoice voice(name);
    std::vector<std::byte> all;
    const auto spoken = speak_mulaw(voice, text, 1.0, [&](const audio::Clip& clip) {
        EXPECT_FALSE(clip.empty());
        all.insert(all.end(), clip.bytes().begin(), clip.bytes().end());
        return true;
    });
    EXPECT_TRUE(spoken.has_value());
    return all;
}

std::size_t samples_of(FliteVoiceName name, const std::string& text) {
    FliteVoice voice(name);
    std::size_t size = 0;
    EXPECT_TRUE(voice.speak(text, 1.0, [&](auto pcm) { return size += pcm.size(), true; }));
    return size;
}

TEST(MulawSpeech, is_the_same_every_time_as_kal) {
    EXPECT_EQ(say(FliteVoiceName::kal, greeting), say(FliteVoiceName::kal, greeting));
}

TEST(MulawSpeech, loses_no_sample_of_kal_and_half_of_slt) {
    EXPECT_EQ(say(FliteVoiceName::kal, greeting).size(), samples_of(FliteVoiceName::kal, greeting));
    EXPECT_NEAR(static_cast<double>(say(FliteVoiceName::slt, greeting).size()),
                static_cast<double>(samples_of(FliteVoiceName::slt, greeting)) / 2, 2);
}

TEST(MulawSpeech, is_as_loud_as_a_telephone_voice) {
    for (const auto name : {FliteVoiceName::slt, FliteVoiceName::kal}) {
        const double level = audio::rms_dbfs(say(name, greeting));
        EXPECT_GT(level, -30);
        EXPECT_LT(level, -9);
    }
}

TEST(MulawSpeech, pauses_between_sentences_but_not_for_long) {
    const auto speech = say(FliteVoiceName::slt, greeting);
    EXPECT_FALSE(audio::silent_stretches(speech, 60ms, -40).empty());
    EXPECT_TRUE(audio::silent_stretches(speech, 1s, -40).empty());
}

std::chrono::microseconds longest_without_pause(std::span<const std::byte> speech) {
    std::size_t longest = 0, last_end = 0;
    const auto note = [&](std::size_t begin) { longest = std::max(longest, begin - last_end); };
    for (const auto& pause : audio::silent_stretches(speech, 100ms, -40)) {
        note(pause.offset);
        last_end = pause.offset + pause.size;
    }
    note(speech.size());
    return audio::duration_of(longest);
}

// Without the cuts an endless sentence would be made as a whole, minutes of it, before its first sample.
TEST(MulawSpeech, cuts_a_sentence_that_does_not_end) {
    std::string words;
    for (int i = 0; i < 300; ++i) words += "really ";
    for (const auto& endless : {words, std::string(500, '7')}) {
        const auto speech = say(FliteVoiceName::kal, endless);
        EXPECT_GT(audio::duration_of(speech.size()), 60s);
        EXPECT_LT(longest_without_pause(speech), 45s);
    }
}

TEST(MulawSpeech, does_not_cut_a_sentence_of_ordinary_length) {
    const auto speech =
        say(FliteVoiceName::kal,
            "We are calling to let you know that your parcel is going to be brought to the house next door today");
    EXPECT_GT(longest_without_pause(speech) + 500ms, audio::duration_of(speech.size()));
}

TEST(MulawSpeech, gives_the_first_clip_long_before_the_last) {
    FliteVoice voice(FliteVoiceName::slt);
    std::size_t first = 0, all = 0;
    ASSERT_TRUE(speak_mulaw(voice, greeting, 1.0, [&](const audio::Clip& clip) {
        if (first == 0) first = clip.size();
        all += clip.size();
        return true;
    }));
    EXPECT_LE(audio::duration_of(first), 150ms);
    EXPECT_GT(audio::duration_of(all), 2s);
}

TEST(MulawSpeech, stops_when_told_without_a_tail) {
    for (const auto name : {FliteVoiceName::slt, FliteVoiceName::kal}) {
        FliteVoice voice(name);
        int clips = 0;
        EXPECT_TRUE(speak_mulaw(voice, greeting, 1.0, [&](const audio::Clip&) { return ++clips < 2; }).has_value());
        EXPECT_EQ(clips, 2);
    }
}

TEST(MulawSpeech, passes_on_why_nothing_was_said) {
    FliteVoice voice(FliteVoiceName::kal);
    const auto never = [](const audio::Clip&) { return ADD_FAILURE() << "no audio expected", true; };
    EXPECT_EQ(speak_mulaw(voice, "...", 1.0, never).error(), VoiceError::nothing_to_say);
    EXPECT_EQ(speak_mulaw(voice, std::string(text_bytes_max + 1, 'a'), 1.0, never).error(), VoiceError::text_too_long);
}

}  // namespace
}  // namespace voice
