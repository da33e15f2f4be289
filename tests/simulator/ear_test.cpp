#include "simulator/ear.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace simulator {
namespace {

using namespace std::chrono_literals;

const Instant pick_up{1'000s};

std::vector<std::byte> tone(std::chrono::milliseconds length) {
    std::vector<std::byte> mulaw(audio::bytes_in(length));
    for (std::size_t i = 0; i < mulaw.size(); ++i) mulaw[i] = std::byte(i % 2 == 0 ? 0x90 : 0x10);
    return mulaw;
}

std::vector<std::string> names(const std::vector<Ear::Echo>& echoes) {
    std::vector<std::string> result;
    for (const auto& echo : echoes) result.push_back(echo.name);
    return result;
}

using Names = std::vector<std::string>;

TEST(Ear, hears_audio_sent_ahead_without_a_gap) {
    Ear ear({});
    for (int i = 0; i < 50; ++i) ear.hear(tone(20ms), pick_up + i * 10ms);
    EXPECT_TRUE(ear.gaps().empty());
    EXPECT_EQ(ear.dry_at(), pick_up + 1s);
    EXPECT_EQ(ear.buffered_most(), 510ms);
    EXPECT_EQ(ear.recording().size(), 8000u);
}

TEST(Ear, takes_audio_that_arrives_at_the_very_moment_the_queue_empties_as_continuous) {
    Ear ear({});
    ear.hear(tone(20ms), pick_up);
    ear.hear(tone(20ms), pick_up + 20ms);
    EXPECT_TRUE(ear.gaps().empty());
}

TEST(Ear, reports_a_gap_of_one_millisecond_where_it_was_heard) {
    Ear ear({});
    ear.hear(tone(20ms), pick_up);
    ear.hear(tone(20ms), pick_up + 21ms);
    ASSERT_EQ(ear.gaps().size(), 1u);
    EXPECT_EQ(ear.gaps()[0].position, 20ms);
    EXPECT_EQ(ear.gaps()[0].length, 1ms);
    ASSERT_EQ(ear.recording().size(), 160u + 8 + 160);
    EXPECT_TRUE(std::all_of(ear.recording().begin() + 160, ear.recording().begin() + 168,
                            [](std::byte b) { return b == audio::mulaw_silence; }));
}

TEST(Ear, passes_over_gaps_within_the_tolerance_only) {
    Ear::Options options;
    options.gap_tolerance = 1ms;
    Ear ear(options);
    ear.hear(tone(20ms), pick_up);
    ear.hear(tone(20ms), pick_up + 21ms);
    EXPECT_TRUE(ear.gaps().empty());
    ear.hear(tone(20ms), pick_up + 43ms);
    EXPECT_EQ(ear.gaps().size(), 1u);
    EXPECT_EQ(ear.longest_gap(), 2ms);
}

TEST(Ear, does_not_count_the_silence_behind_the_last_audio_as_a_gap) {
    Ear ear({});
    ear.hear(tone(20ms), pick_up);
    ear.hang_up(pick_up + 10s);
    EXPECT_TRUE(ear.gaps().empty());
    EXPECT_EQ(ear.heard(), 20ms);
}

TEST(Ear, keeps_the_recording_on_the_time_line_over_many_gaps) {
    Ear ear({});
    for (int i = 0; i < 100; ++i) ear.hear(tone(20ms), pick_up + i * 20'333us);
    // 99 arrivals lie 20.333 ms apart, and the last 20 ms are heard in full.
    EXPECT_EQ(ear.recording().size(), audio::bytes_in(99 * 20'333us) + 160);
    EXPECT_EQ(ear.gaps().size(), 99u);
}

TEST(Ear, sends_a_mark_back_when_everything_before_it_has_been_played) {
    Ear ear({});
    ear.hear(tone(100ms), pick_up);
    ear.mark("half", pick_up);
    ear.hear(tone(100ms), pick_up + 5ms);
    ear.mark("end", pick_up + 5ms);
    EXPECT_TRUE(ear.take_echoes(pick_up + 99ms).empty());
    EXPECT_EQ(ear.next_echo(), pick_up + 100ms);
    EXPECT_EQ(names(ear.take_echoes(pick_up + 100ms)), Names{"half"});
    EXPECT_EQ(names(ear.take_echoes(pick_up + 1s)), Names{"end"});
    EXPECT_EQ(ear.marks_reached(), 2u);
}

TEST(Ear, sends_a_mark_back_at_once_when_nothing_is_queued) {
    Ear ear({});
    ear.mark("first", pick_up);
    EXPECT_EQ(names(ear.take_echoes(pick_up)), Names{"first"});
    ear.hear(tone(20ms), pick_up);
    ear.mark("late", pick_up + 1s);
    EXPECT_EQ(names(ear.take_echoes(pick_up + 1s)), Names{"late"});
}

TEST(Ear, clear_drops_what_was_not_played_and_returns_every_mark_in_order) {
    Ear ear({});
    ear.hear(tone(100ms), pick_up);
    ear.mark("a", pick_up);
    ear.hear(tone(100ms), pick_up);
    ear.mark("b", pick_up);
    ear.clear(pick_up + 50ms);
    const auto echoes = ear.take_echoes(pick_up + 50ms);
    EXPECT_EQ(names(echoes), (Names{"a", "b"}));
    EXPECT_TRUE(echoes[0].cleared && echoes[1].cleared);
    EXPECT_EQ(ear.marks_reached(), 0u);
    EXPECT_EQ(ear.heard(), 50ms);
    EXPECT_EQ(ear.recording().size(), 400u);
    EXPECT_TRUE(ear.dry(pick_up + 50ms));
}

TEST(Ear, a_mark_already_reached_counts_as_heard_even_if_a_clear_follows) {
    Ear ear({});
    ear.hear(tone(20ms), pick_up);
    ear.mark("heard", pick_up);
    ear.clear(pick_up + 30ms);
    const auto echoes = ear.take_echoes(pick_up + 30ms);
    ASSERT_EQ(echoes.size(), 1u);
    EXPECT_FALSE(echoes[0].cleared);
}

TEST(Ear, the_pause_after_a_clear_is_no_gap) {
    Ear ear({});
    ear.hear(tone(100ms), pick_up);
    ear.clear(pick_up + 50ms);
    ear.hear(tone(100ms), pick_up + 3s);
    EXPECT_TRUE(ear.gaps().empty());
}

TEST(Ear, a_long_pause_behind_a_mark_separates_messages_only_when_asked_to) {
    for (const bool asked : {false, true}) {
        Ear::Options options;
        if (asked) options.message_pause = 2s;
        Ear ear(options);
        ear.hear(tone(100ms), pick_up);
        ear.mark("end", pick_up);
        ear.hear(tone(100ms), pick_up + 5s);
        EXPECT_EQ(ear.gaps().size(), asked ? 0u : 1u);
        ear.hear(tone(100ms), pick_up + 10s);  // no mark before this pause
        EXPECT_EQ(ear.gaps().size(), asked ? 1u : 2u);
    }
}

TEST(Ear, discards_what_exceeds_ten_minutes) {
    Ear ear({});
    const auto minutes = tone(600'000ms);
    EXPECT_TRUE(ear.hear(minutes, pick_up));
    EXPECT_FALSE(ear.hear(tone(20ms), pick_up));
    EXPECT_EQ(ear.bytes_discarded(), 160u);
    EXPECT_EQ(ear.recording().size(), minutes.size());
    EXPECT_TRUE(ear.hear(tone(20ms), pick_up + 20ms));
}

TEST(Ear, counts_messages_that_are_not_whole_frames) {
    Ear ear({});
    ear.hear(std::vector<std::byte>(161), pick_up);
    ear.hear(std::vector<std::byte>(320), pick_up);
    EXPECT_EQ(ear.messages(), 2u);
    EXPECT_EQ(ear.ragged_messages(), 1u);
    EXPECT_EQ(ear.heard(), audio::duration_of(481));
}

TEST(Ear, tells_silence_from_sound) {
    Ear::Options options;
    options.keep_audio = false;
    Ear ear(options);
    ear.hear(std::vector<std::byte>(160, audio::mulaw_silence), pick_up);
    EXPECT_TRUE(ear.heard_anything());
    EXPECT_FALSE(ear.heard_sound());
    ear.hear(tone(20ms), pick_up);
    EXPECT_TRUE(ear.heard_sound());
    EXPECT_TRUE(ear.recording().empty());
}

TEST(Ear, finds_the_longest_silence_inside_what_was_heard) {
    std::vector<std::byte> heard(4'000, audio::mulaw_silence);  // before the first sound
    const auto speech = tone(100ms);
    heard.insert(heard.end(), speech.begin(), speech.end());
    heard.resize(heard.size() + 800, audio::mulaw_silence);
    heard.insert(heard.end(), speech.begin(), speech.end());
    heard.resize(heard.size() + 8'000, audio::mulaw_silence);  // after the last
    EXPECT_EQ(longest_silence(heard), 100ms);
    EXPECT_EQ(longest_silence({}), 0ms);
}

}  // namespace
}  // namespace simulator
