#include "call/playout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace call {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr Instant start{std::chrono::hours{1}};
constexpr std::size_t frame = audio::frame_bytes;

std::vector<std::byte> ramp(std::size_t bytes, std::size_t first = 0) {
    std::vector<std::byte> mulaw(bytes);
    for (std::size_t i = 0; i < bytes; ++i) mulaw[i] = static_cast<std::byte>((first + i) % 251);
    return mulaw;
}

audio::Clip frames(std::size_t count) {
    return audio::Clip(ramp(count * frame));
}

std::size_t burst(Playout& playout, Instant now) {
    std::size_t bytes = 0;
    while (true) {
        const auto message = playout.next(now);
        if (message.empty()) return bytes;
        bytes += message.size();
    }
}

TEST(Playout, cuts_odd_chunks_into_whole_frames_and_keeps_every_byte) {
    Playout playout({.lead = 60s});
    const auto said = ramp(7 * 333 + 5);
    for (std::size_t offset = 0; offset < said.size(); offset += 333) {
        const auto size = std::min<std::size_t>(333, said.size() - offset);
        const auto* from = said.data() + offset;
        ASSERT_TRUE(playout.push(audio::Clip(std::vector(from, from + size))));
    }
    playout.finish();
    std::vector<std::byte> sent;
    for (auto message = playout.next(start); !message.empty(); message = playout.next(start)) {
        EXPECT_EQ(message.size() % frame, 0U);
        sent.insert(sent.end(), message.begin(), message.end());
    }
    ASSERT_EQ(sent.size(), 15 * frame);
    EXPECT_TRUE(std::equal(said.begin(), said.end(), sent.begin()));
    for (std::size_t i = said.size(); i < sent.size(); ++i) EXPECT_EQ(sent[i], audio::mulaw_silence);
    EXPECT_TRUE(playout.drained());
    EXPECT_EQ(playout.sent(), 300ms);
}

TEST(Playout, keeps_a_partial_frame_until_it_is_finished) {
    Playout playout({});
    playout.push(audio::Clip(ramp(100)));
    EXPECT_TRUE(playout.next(start).empty());
    EXPECT_EQ(playout.next_due(), std::nullopt);
    EXPECT_FALSE(playout.drained());
    playout.finish();
    EXPECT_EQ(playout.next(start).size(), frame);
    EXPECT_TRUE(playout.drained());
}

TEST(Playout, first_message_leaves_at_once_with_whatever_frames_are_there) {
    Playout playout({});
    playout.push(frames(3));
    EXPECT_LE(playout.next_due(), start);
    EXPECT_EQ(playout.next(start).size(), 3 * frame);
}

TEST(Playout, opening_burst_fills_the_lead_and_no_more) {
    Playout playout({.lead = 2000ms, .message = 400ms});
    playout.push(frames(1000));
    EXPECT_EQ(burst(playout, start), 100 * frame);
    EXPECT_EQ(playout.runs_dry_at(), start + 2000ms);
    EXPECT_EQ(playout.next_due(), start + 400ms);
    EXPECT_TRUE(playout.next(start + 400ms - 1us).empty());
    EXPECT_EQ(playout.next(start + 400ms).size(), 20 * frame);
}

TEST(Playout, sends_no_crumbs_while_the_ear_has_plenty) {
    Playout playout({.lead = 2000ms, .message = 400ms});
    playout.push(frames(60));
    EXPECT_EQ(burst(playout, start), 60 * frame);
    playout.push(frames(3));
    EXPECT_TRUE(playout.next(start).empty());
    EXPECT_EQ(playout.next_due(), start + 200ms);  // half the lead is left then
    playout.push(frames(17));
    EXPECT_EQ(playout.next(start).size(), 20 * frame);
}

TEST(Playout, the_end_of_an_utterance_does_not_wait_for_a_full_message) {
    Playout playout({.lead = 2000ms, .message = 400ms});
    playout.push(frames(63));
    playout.finish();
    EXPECT_EQ(burst(playout, start), 63 * frame);
    EXPECT_TRUE(playout.drained());
}

TEST(Playout, does_not_drift_when_timers_are_late) {
    Playout playout({.lead = 100ms});
    playout.push(frames(50));
    playout.finish();
    Instant now = start;
    while (!playout.drained()) {
        burst(playout, now);
        if (const auto due = playout.next_due()) now = *due + 3ms;
    }
    // The ideal time of the last message, and one lateness.
    EXPECT_EQ(now, start + 1000ms - 100ms + 3ms);
    EXPECT_EQ(playout.underruns(), 0U);
    EXPECT_EQ(playout.runs_dry_at(), start + 1000ms);
}

TEST(Playout, a_lead_of_nothing_still_leaves_timers_room) {
    Playout playout({.lead = 0ms, .message = 0ms});
    playout.push(frames(10));
    EXPECT_EQ(burst(playout, start), 2 * frame);
    EXPECT_EQ(playout.next_due(), start + 20ms);
}

TEST(Playout, an_underrun_is_measured_and_the_plan_starts_again) {
    Playout playout({.lead = 200ms});
    playout.push(frames(5));
    burst(playout, start);
    playout.push(frames(50));
    const auto late = start + 100ms + 70ms;
    EXPECT_EQ(burst(playout, late), 10 * frame);  // the lead, not what the old plan would have let go by now
    EXPECT_EQ(playout.underruns(), 1U);
    EXPECT_EQ(playout.silence(), 70ms);
    EXPECT_EQ(playout.runs_dry_at(), late + 200ms);
}

TEST(Playout, an_end_that_is_told_late_is_no_underrun) {
    Playout playout({});
    playout.push(frames(5));
    burst(playout, start);
    EXPECT_FALSE(playout.drained());
    playout.finish();
    EXPECT_TRUE(playout.drained());
    EXPECT_EQ(playout.utterances_ended(), 1U);
    playout.push(frames(5));
    EXPECT_EQ(burst(playout, start + 10s), 5 * frame);
    EXPECT_EQ(playout.underruns(), 0U);
}

TEST(Playout, a_pause_between_utterances_is_no_underrun) {
    Playout playout({});
    playout.push(frames(5));
    playout.finish();
    burst(playout, start);
    playout.push(frames(5));
    burst(playout, start + 10s);
    EXPECT_EQ(playout.underruns(), 0U);
    EXPECT_EQ(playout.silence(), 0us);
}

TEST(Playout, no_message_holds_audio_of_two_utterances) {
    Playout playout({});
    playout.push(audio::Clip(ramp(frame + 1)));
    playout.finish();
    playout.push(frames(4));
    playout.finish();
    EXPECT_EQ(playout.next(start).size(), 2 * frame);
    EXPECT_EQ(playout.utterances_ended(), 1U);
    EXPECT_EQ(playout.next(start).size(), 4 * frame);
    EXPECT_EQ(playout.utterances_ended(), 2U);
}

TEST(Playout, lends_audio_of_one_clip_without_copying_it) {
    const auto shared = frames(100);
    Playout one({}), other({});
    one.push(shared);
    other.push(shared);
    EXPECT_EQ(one.next(start).data(), shared.bytes().data());
    EXPECT_EQ(other.next(start).data(), shared.bytes().data());
    EXPECT_EQ(one.next(start).data(), shared.bytes().data() + 20 * frame);
}

TEST(Playout, what_was_lent_outlives_the_last_clip) {
    Playout playout({});
    playout.push(frames(2));
    const auto message = playout.next(start);
    EXPECT_TRUE(std::ranges::equal(message, ramp(2 * frame)));
}

TEST(Playout, gathers_small_clips_in_a_buffer_that_is_reused) {
    Playout playout({.lead = 60s});
    for (int i = 0; i < 60; ++i) playout.push(frames(1));
    const auto* first = playout.next(start).data();
    EXPECT_EQ(playout.next(start).data(), first);
    EXPECT_EQ(playout.next(start).data(), first);
}

TEST(Playout, takes_no_chunk_that_does_not_fit) {
    Playout playout({.queue_bytes_max = 1000});
    EXPECT_TRUE(playout.push(audio::Clip(ramp(600))));
    EXPECT_FALSE(playout.push(audio::Clip(ramp(401))));
    EXPECT_TRUE(playout.push(audio::Clip(ramp(400))));
    playout.finish();
    EXPECT_EQ(burst(playout, start), 7 * frame);
}

TEST(Playout, bounds_the_number_of_chunks_too) {
    Playout playout({.queue_bytes_max = 1'000'000});
    std::size_t taken = 0;
    while (taken < 100'000 && playout.push(audio::Clip(ramp(1)))) ++taken;
    EXPECT_LT(taken, 10'000U);
    EXPECT_GE(taken, 1'000'000 / frame);
}

TEST(Playout, clear_drops_everything_and_forgets_the_plan) {
    Playout playout({});
    playout.push(audio::Clip(ramp(500 * frame + 7)));
    burst(playout, start);
    playout.clear(start + 100ms);
    EXPECT_TRUE(playout.drained());
    EXPECT_EQ(playout.next_due(), std::nullopt);
    EXPECT_EQ(playout.runs_dry_at(), std::nullopt);
    playout.push(frames(2));
    EXPECT_EQ(burst(playout, start + 100ms), 2 * frame);
    EXPECT_EQ(playout.runs_dry_at(), start + 140ms);
    EXPECT_EQ(playout.underruns(), 0U);
}

// Whatever chunks, lateness and pauses come, an ideal ear never holds more than the lead and never misses a byte.
TEST(Playout, keeps_lead_frames_and_bytes_for_any_timing) {
    for (std::uint32_t seed = 0; seed < 10'000; ++seed) {
        std::minstd_rand random(seed + 1);
        const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
        const auto lead = std::chrono::milliseconds{pick(40, 3000)};
        Playout playout({.lead = lead, .message = std::chrono::milliseconds{pick(20, 1000)}});
        const auto said = ramp(static_cast<std::size_t>(pick(1, 40'000)), seed);

        std::size_t pushed = 0, sent = 0;
        Instant now = start, empty_at = start;
        while (!playout.drained() || pushed < said.size()) {
            if (pushed < said.size() && pick(0, 1) == 0) {
                const auto size = std::min<std::size_t>(static_cast<std::size_t>(pick(1, 6000)), said.size() - pushed);
                const auto* from = said.data() + pushed;
                ASSERT_TRUE(playout.push(audio::Clip(std::vector(from, from + size))));
                pushed += size;
                if (pushed == said.size()) playout.finish();
            }
            for (auto message = playout.next(now); !message.empty(); message = playout.next(now)) {
                ASSERT_EQ(message.size() % frame, 0U) << "seed " << seed;
                const auto known = std::min(message.size(), said.size() - std::min(sent, said.size()));
                ASSERT_TRUE(std::equal(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(known),
                                       said.begin() + static_cast<std::ptrdiff_t>(sent)))
                    << "seed " << seed;
                sent += message.size();
                empty_at = std::max(empty_at, now) + audio::duration_of(message.size());
                ASSERT_LE(empty_at - now, lead) << "seed " << seed;
            }
            const auto due = playout.next_due();
            if (due && pick(0, 2) != 0) now = std::max(now, *due);
            now += microseconds{pick(0, 60'000)};
        }
        ASSERT_EQ(sent, (said.size() + frame - 1) / frame * frame) << "seed " << seed;
        ASSERT_EQ(playout.runs_dry_at(), empty_at) << "seed " << seed;
    }
}

}  // namespace
}  // namespace call
