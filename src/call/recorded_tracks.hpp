#pragma once
// Both sides of a call on one time line, sample for sample: what the caller said at the times the media messages carry,
// what was said to the caller at the times it played. No I/O and no clock; gives blocks of stereo mu-law, the caller
// left, in order, as soon as nothing in them can change any more.
//
// The time line is the stream's: 0 is its start. Caller audio is placed by its timestamps, silence where there is none.
// Our audio plays when the peer gets to it: by our own reckoning (call/playout.hpp), plus the delay that the first mark
// shows, which comes back between the caller audio of that moment. What a clear took away before it played is not
// there.

#include "audio/mulaw.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace call {

using Instant = std::chrono::steady_clock::time_point;

struct RecordedBlock {
    std::uint64_t first_frame = 0;        // on the time line; a frame is a sample of each side
    std::vector<std::byte> mulaw_stereo;  // left, right, left, right, …
    std::size_t frames() const { return mulaw_stereo.size() / 2; }
};

class RecordedTracks {
public:
    struct Options {
        std::chrono::milliseconds block{1'000};
        std::chrono::milliseconds patience{3'000};  // for caller audio and marks that are late
    };
    RecordedTracks(Options options, Instant stream_start);

    // `timestamp` 0: directly behind what came before.
    void on_caller(std::chrono::milliseconds timestamp, std::span<const std::byte> mulaw, Instant now);
    // The peer has `mulaw` and will have played it at `played_at`, as far as we can tell.
    void on_sent(std::span<const std::byte> mulaw, Instant played_at);
    void on_mark_sent(std::string_view name);
    void on_mark(std::string_view name);  // comes back
    void on_clear(Instant now);

    // The next block, or the rest when the call is over; nullopt when there is none yet, or no more.
    std::optional<RecordedBlock> next(Instant now);
    void finish(Instant now);

    // Caller audio that could not be placed: it came again, or too late, or from a time that has not been yet.
    std::uint64_t misplaced_frames() const { return misplaced_; }

private:
    // One side: samples from `begin` on, those before it have been handed on.
    struct Track {
        std::uint64_t begin = 0;
        std::vector<std::byte> samples;
        std::uint64_t end() const { return begin + samples.size(); }
        void put(std::uint64_t place, std::span<const std::byte> mulaw);  // at the end, or behind it
        void cut(std::uint64_t place);
        std::byte at(std::uint64_t place) const;
        void drop_before(std::uint64_t place);
    };

    std::uint64_t place_of(Instant when) const;
    void settle_delay(Instant now);
    bool is_complete(std::uint64_t end, Instant now) const;
    RecordedBlock take(std::uint64_t end);

    Options options_;
    Instant start_;
    Track caller_, sent_;
    std::uint64_t handed_on_ = 0, misplaced_ = 0;
    std::optional<std::uint64_t> delay_;  // of our audio, in samples; none until it is known
    struct FirstMark {
        std::string name;
        std::uint64_t place;  // of our audio, by our reckoning
    };
    std::optional<FirstMark> first_mark_;
    std::optional<std::uint64_t> finished_at_;
};

}  // namespace call
