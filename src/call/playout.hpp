#pragma once
// Which audio may leave when. Holds what is to be said and lets it go in whole 20 ms frames, ahead of the caller's ear
// by a bounded lead, in messages of many frames. Due times come from the plan (when the ear will have consumed what was
// sent), never from "now", so late timers do not add up.
//
// While the ear holds less than half the lead, whatever whole frames are there leave at once: the first word waits for
// nothing. Above that, only full messages (or the end of an utterance) leave, so that a source of tiny chunks does not
// become a stream of crumbs. A message is at most half the lead, which leaves every timer that much room to be late.

#include "audio/clip.hpp"
#include "audio/mulaw.hpp"
#include "call/short_queue.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace call {

using Instant = std::chrono::steady_clock::time_point;

class Playout {
public:
    struct Options {
        std::chrono::milliseconds lead{2000};  // how far ahead of the ear we send; 40 ms at least
        std::chrono::milliseconds message{
            400};  // audio in one media message, at most; cut to whole frames and half the lead
        std::size_t queue_bytes_max = 8000 * 60 * 10;  // ten minutes: what Twilio itself would buffer
    };
    explicit Playout(Options options);

    // Takes chunks of any size. False when the queue is full: the chunk is not taken.
    bool push(audio::Clip clip);
    // No more audio for now: the last, partial frame is padded with silence and may leave. What is pushed next is
    // another utterance; no message holds audio of two.
    void finish();
    // What was pushed last is the end of a sentence within the utterance: no message goes beyond it, so that a mark can
    // stand there. Its last fraction of a frame leaves with what follows.
    void end_sentence();
    // Drops everything unsent and forgets the plan; the ear is assumed empty from `now` on.
    void clear(Instant now);

    // The next message's audio if one may leave at `now`, a whole number of frames; empty when none may. Valid until
    // the next call.
    std::span<const std::byte> next(Instant now);
    // When next() will have something, given what is queued; nullopt when no whole frame is. An instant in the past
    // means at once.
    std::optional<Instant> next_due() const;
    // When the ear will have consumed everything sent so far; in the past when it already has. nullopt before the first
    // message and after clear().
    std::optional<Instant> runs_dry_at() const { return dry_at_; }

    bool drained() const {
        return queue_.empty() && open_bytes_ == 0;
    }  // nothing unfinished, and everything has been sent
    std::uint32_t utterances_ended() const { return ended_; }  // finish()ed ones whose last frame has been handed out
    std::uint32_t sentences_ended() const { return sentences_ended_; }                  // likewise
    std::chrono::microseconds sent() const { return audio::duration_of(sent_bytes_); }  // audio handed out so far
    // Times the ear ran dry inside an utterance and audio came after all; known, and counted, when that audio leaves.
    std::uint32_t underruns() const { return underruns_; }
    std::chrono::microseconds silence() const { return silence_; }  // total length of those

private:
    struct Entry {
        audio::Clip clip;        // what is unsent of it; never empty
        std::uint32_t ends = 0;  // utterances that end with it
    };
    struct Ready {
        std::size_t bytes = 0;  // whole frames that the next message would carry
        bool complete = false;  // a full message, or the end of an utterance: nothing is gained by waiting for more
    };
    Ready ready() const;
    std::optional<Instant> due(Ready ready) const;
    void pass_sentence_ends();
    void start_plan_if_dry(Instant now);
    std::span<const std::byte> take(std::size_t bytes);
    void advance_front(std::size_t bytes);

    std::chrono::microseconds lead_;
    std::size_t message_bytes_;
    std::size_t queue_bytes_max_;

    ShortQueue<Entry> queue_;
    std::size_t queued_bytes_ = 0;
    std::size_t open_bytes_ = 0;             // pushed since the last finish()
    ShortQueue<std::size_t> sentence_ends_;  // on the axis of sent_bytes_, in whole frames
    bool mid_utterance_ = false;             // what was sent last was not the end of an utterance
    std::optional<Instant> dry_at_;

    audio::Clip lent_;                 // keeps alive what next() last returned a view of
    std::vector<std::byte> gathered_;  // a message that spans clips; reused

    std::size_t sent_bytes_ = 0;
    std::uint32_t ended_ = 0, sentences_ended_ = 0;
    std::uint32_t underruns_ = 0;
    std::chrono::microseconds silence_{};
};

}  // namespace call
