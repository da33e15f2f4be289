#include "call/recorded_tracks.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace std::chrono_literals;
using call::Instant;
using call::RecordedBlock;
using call::RecordedTracks;
using Bytes = std::vector<std::byte>;

const Instant start{100s};

// Different from silence and from each other.
Bytes audio(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    std::minstd_rand random(seed);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 200);
    return bytes;
}

struct Sides {
    Bytes left, right;
};

// Everything, in blocks that follow one another.
class Recorded {
public:
    explicit Recorded(RecordedTracks& tracks) : tracks_(tracks) {}
    void take(Instant now) {
        while (const auto block = tracks_.next(now)) {
            EXPECT_EQ(block->first_frame, sides.left.size());
            for (std::size_t i = 0; i < block->frames(); ++i) {
                sides.left.push_back(block->mulaw_stereo[2 * i]);
                sides.right.push_back(block->mulaw_stereo[2 * i + 1]);
            }
        }
    }
    void finish(Instant now) {
        tracks_.finish(now);
        take(now);
    }
    Sides sides;

private:
    RecordedTracks& tracks_;
};

Bytes with_silence_before(std::size_t silence, const Bytes& audio) {
    Bytes all(silence, audio::mulaw_silence);
    all.insert(all.end(), audio.begin(), audio.end());
    return all;
}

Bytes part(const Bytes& of, std::size_t from, std::size_t size) {
    return {of.begin() + static_cast<std::ptrdiff_t>(from), of.begin() + static_cast<std::ptrdiff_t>(from + size)};
}

// Frames of 20 ms from `at` on.
void say(RecordedTracks& tracks, const Bytes& audio, std::chrono::milliseconds at) {
    for (std::size_t offset = 0; offset < audio.size(); offset += 160, at += 20ms) {
        tracks.on_caller(at, part(audio, offset, std::min<std::size_t>(160, audio.size() - offset)), start + at + 20ms);
    }
}

TEST(RecordedTracks, both_sides_are_there_sample_for_sample_at_their_time) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes caller = audio(16'000, 1), ours = audio(12'000, 2);
    say(tracks, caller, 100ms);
    tracks.on_sent(part(ours, 0, 4'000), start + 1'000ms);  // 500 ms that end then
    tracks.on_sent(part(ours, 4'000, 8'000), start + 2'000ms);
    recorded.take(start + 2'100ms);
    recorded.finish(start + 2'200ms);
    EXPECT_EQ(recorded.sides.left, with_silence_before(800, caller));
    EXPECT_EQ(part(recorded.sides.right, 0, 16'000), with_silence_before(4'000, ours));
}

TEST(RecordedTracks, blocks_come_while_the_call_goes_on_and_hold_back_little) {
    RecordedTracks tracks({}, start);
    std::size_t frames = 0;
    for (auto at = 0ms; at < 60s; at += 20ms) {
        tracks.on_caller(at, audio(160, 1), start + at + 20ms);
        while (const auto block = tracks.next(start + at + 20ms)) frames += block->frames();
        EXPECT_LE(static_cast<std::size_t>((at + 20ms).count() * 8) - frames, 8'000u);
    }
    EXPECT_EQ(frames, 60u * 8'000);
}

TEST(RecordedTracks, timestamps_that_are_rounded_leave_no_gap) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes caller = audio(160 * 50, 3);
    for (std::size_t i = 0; i < 50; ++i) {
        const auto at = std::chrono::milliseconds(60 + 20 * static_cast<int>(i) + static_cast<int>(i % 3) - 1);
        tracks.on_caller(at, part(caller, 160 * i, 160), start + at + 20ms);
    }
    recorded.finish(start + 1'100ms);
    EXPECT_EQ(recorded.sides.left, with_silence_before(59 * 8, caller));
}

TEST(RecordedTracks, what_never_came_is_silence) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes caller = audio(320, 4);
    tracks.on_caller(20ms, part(caller, 0, 160), start + 40ms);
    tracks.on_caller(60ms, part(caller, 160, 160), start + 80ms);  // one was lost between them
    recorded.finish(start + 80ms);
    Bytes expected = with_silence_before(160, part(caller, 0, 160));
    expected.resize(480, audio::mulaw_silence);
    const Bytes rest = part(caller, 160, 160);
    expected.insert(expected.end(), rest.begin(), rest.end());
    EXPECT_EQ(recorded.sides.left, expected);
    EXPECT_EQ(tracks.misplaced_frames(), 0u);
}

TEST(RecordedTracks, what_comes_again_or_from_another_time_is_counted_and_left_out) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes caller = audio(320, 5);
    tracks.on_caller(20ms, caller, start + 60ms);
    tracks.on_caller(20ms, part(caller, 0, 160), start + 60ms);
    tracks.on_caller(std::chrono::hours(100), part(caller, 0, 160), start + 60ms);
    recorded.finish(start + 60ms);
    EXPECT_EQ(recorded.sides.left, with_silence_before(160, caller));
    EXPECT_EQ(tracks.misplaced_frames(), 320u);
}

TEST(RecordedTracks, without_timestamps_audio_follows_audio) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes caller = audio(480, 6);
    for (std::size_t i = 0; i < 3; ++i) tracks.on_caller(0ms, part(caller, 160 * i, 160), start + 20ms);
    recorded.finish(start + 60ms);
    EXPECT_EQ(recorded.sides.left, caller);
}

TEST(RecordedTracks, caller_audio_that_is_late_is_waited_for_but_not_for_ever) {
    RecordedTracks tracks({.block = 1s, .patience = 3s}, start);
    EXPECT_FALSE(tracks.next(start + 3'999ms));
    const auto block = tracks.next(start + 4s);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->mulaw_stereo, Bytes(16'000, audio::mulaw_silence));
    tracks.on_caller(20ms, audio(160, 7), start + 4s);
    EXPECT_EQ(tracks.misplaced_frames(), 160u);
    tracks.on_caller(1s, audio(160, 7), start + 4s);
    EXPECT_EQ(tracks.misplaced_frames(), 160u) << "what has not been handed on is still waited for";
}

TEST(RecordedTracks, a_clear_takes_away_what_had_not_played) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes ours = audio(16'000, 8), then = audio(1'600, 9);
    tracks.on_sent(ours, start + 2'000ms);
    tracks.on_clear(start + 500ms);
    tracks.on_sent(then, start + 900ms);  // begins to play at 700 ms
    recorded.finish(start + 5s);
    Bytes expected = part(ours, 0, 4'000);
    expected.resize(5'600, audio::mulaw_silence);
    expected.insert(expected.end(), then.begin(), then.end());
    EXPECT_EQ(part(recorded.sides.right, 0, expected.size()), expected);
}

TEST(RecordedTracks, the_first_mark_shows_how_late_our_audio_plays) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes ours = audio(8'000, 10);
    tracks.on_sent(ours, start + 1'000ms);
    tracks.on_mark_sent("m");
    recorded.take(start + 1'050ms);
    EXPECT_TRUE(recorded.sides.right.empty()) << "not before it is known";
    say(tracks, audio(160 * 56, 11), 0ms);  // 1,120 ms of the caller's time
    tracks.on_mark("another");
    tracks.on_mark("m");
    recorded.finish(start + 1'120ms);
    EXPECT_EQ(recorded.sides.right, with_silence_before(960, ours));
}

TEST(RecordedTracks, a_mark_that_never_comes_back_is_not_waited_for_for_ever) {
    RecordedTracks tracks({.block = 1s, .patience = 3s}, start);
    Recorded recorded(tracks);
    const Bytes ours = audio(8'000, 12);
    tracks.on_sent(ours, start + 1s);
    tracks.on_mark_sent("m");
    say(tracks, audio(16'000, 13), 0ms);
    recorded.take(start + 3'900ms);
    EXPECT_TRUE(recorded.sides.right.empty());
    recorded.take(start + 4s);
    EXPECT_EQ(part(recorded.sides.right, 0, 8'000), ours);
}

TEST(RecordedTracks, a_mark_of_cleared_audio_proves_nothing) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    tracks.on_sent(audio(16'000, 14), start + 2s);
    tracks.on_mark_sent("old");
    say(tracks, audio(160 * 100, 15), 0ms);
    tracks.on_clear(start + 500ms);
    tracks.on_mark("old");
    const Bytes ours = audio(1'600, 16);
    tracks.on_sent(ours, start + 1'000ms);
    tracks.on_mark_sent("new");
    tracks.on_mark("new");  // the caller's time is 2,000 ms
    recorded.finish(start + 4s);
    EXPECT_EQ(part(recorded.sides.right, 8'000 + 6'400, 1'600), ours);
}

TEST(RecordedTracks, who_hangs_up_has_not_heard_the_rest) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    const Bytes ours = audio(16'000, 17);
    tracks.on_sent(ours, start + 2s);
    recorded.finish(start + 1s);
    EXPECT_EQ(recorded.sides.right, part(ours, 0, 8'160));
}

TEST(RecordedTracks, an_empty_call_gives_nothing) {
    RecordedTracks tracks({}, start);
    Recorded recorded(tracks);
    recorded.finish(start);
    EXPECT_TRUE(recorded.sides.left.empty());
    tracks.on_caller(0ms, audio(160, 1), start);
    EXPECT_FALSE(tracks.next(start + 10s)) << "nothing follows the end";
}

}  // namespace
