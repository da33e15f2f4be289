#pragma once
// What a caller hears. Twilio queues the audio it is sent and plays it at 8000 bytes a second from the moment the first
// of it arrives; when the queue is empty the caller hears silence. Marks come back when everything before them has been
// played. Time is an argument. Source: twilio.com/docs/voice/media-streams/websocket-messages ("Mark message", "Clear
// message"), error 31931.

#include "audio/mulaw.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

using Instant = std::chrono::steady_clock::time_point;

// The caller heard silence although the message went on afterwards.
struct Gap {
    std::chrono::microseconds position{};  // how much of the audio had been heard before it
    std::chrono::nanoseconds length{};
};

class Ear {
public:
    struct Options {
        bool keep_audio = true;                      // false: counts and gaps only, for many calls at once
        std::chrono::microseconds gap_tolerance{0};  // gaps up to this long are not reported
        // After a mark was reached and this much silence, what follows is another message, not the rest of this one.
        std::optional<std::chrono::milliseconds> message_pause;
        std::chrono::minutes buffered_max{10};
    };

    struct Echo {
        std::string name;
        bool cleared = false;  // sent back because of a clear: not heard
    };

    explicit Ear(Options options) : options_(options) {}

    // Audio arrives. False when some of it had to be discarded because too much was waiting.
    bool hear(std::span<const std::byte> mulaw, Instant now);
    void mark(std::string_view name, Instant now);
    void clear(Instant now);
    // The marks to send back by now, in order.
    std::vector<Echo> take_echoes(Instant now);
    std::optional<Instant> next_echo() const;
    // The call is over: what has not been played by now was never heard.
    void hang_up(Instant now);

    bool heard_anything() const { return first_audio_.has_value(); }
    bool heard_sound() const { return sound_; }  // something other than silence arrived
    std::optional<Instant> first_audio() const { return first_audio_; }
    Instant dry_at() const { return dry_at_; }  // when the last byte so far has been played
    bool dry(Instant now) const { return now >= dry_at_; }
    std::chrono::nanoseconds buffered(Instant now) const {
        return dry(now) ? std::chrono::nanoseconds{0} : dry_at_ - now;
    }

    // The server marked the end of what it has sent so far.
    bool ends_with_mark() const { return mark_at_the_end_; }

    std::size_t bytes_received() const { return bytes_received_; }
    std::size_t bytes_discarded() const { return bytes_discarded_; }  // over the limit
    std::size_t bytes_cleared() const { return bytes_cleared_; }      // dropped by clear, or by the end of the call
    std::size_t messages() const { return messages_; }
    std::size_t ragged_messages() const {
        return ragged_messages_;
    }  // not whole 20 ms frames: legal, but they click in some players
    std::size_t marks_reached() const { return marks_reached_; }
    std::size_t clears() const { return clears_; }
    std::chrono::nanoseconds buffered_most() const { return buffered_most_; }
    std::chrono::microseconds heard() const;  // without gaps
    const std::vector<Gap>& gaps() const { return gaps_; }
    std::chrono::nanoseconds longest_gap() const;

    // What the caller heard from the first audio on, gaps as silence. Empty without keep_audio.
    const std::vector<std::byte>& recording() const { return recording_; }

private:
    struct PendingMark {
        std::string name;
        Instant due;
        bool cleared;
    };

    void enqueue(std::span<const std::byte> mulaw, Instant now);
    void note_starvation(Instant now);
    void drop_unplayed(Instant now);

    Options options_;
    std::optional<Instant> first_audio_;
    Instant dry_at_{};
    bool sound_ = false;
    bool message_over_ = false;     // by clear: the next audio begins another message
    bool mark_at_the_end_ = false;  // nothing was queued behind the last mark
    std::size_t bytes_received_ = 0, bytes_discarded_ = 0, bytes_cleared_ = 0, messages_ = 0, ragged_messages_ = 0,
                marks_reached_ = 0, clears_ = 0;
    std::chrono::nanoseconds buffered_most_{};
    std::deque<PendingMark> marks_;
    std::vector<Gap> gaps_;
    std::vector<std::byte> recording_;
};

// The longest stretch inside `mulaw` that is as good as silent, not counting the silence before the first sound and
// after the last.
std::chrono::microseconds longest_silence(std::span<const std::byte> mulaw);

}  // namespace simulator
