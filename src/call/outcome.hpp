#pragma once
// How a call's stream ended, and what it amounted to: the closing log line and the metrics are made of these.

#include <chrono>
#include <cstdint>
#include <optional>

namespace call {

// Why a call's stream ended: one per call.
enum class Outcome {
    completed,        // the message was heard to its end
    caller_hung_up,   // the call ended while there was still something to hear
    connection_lost,  // the socket broke without `stop` while there was still something to hear
    refused,          // the token, CallSid or AccountSid was wrong
    protocol_error,   // the peer did not speak Media Streams
    speech_failed,    // the message could not be said, or not to its end
    timed_out,        // longest call duration, or no `start` in time
    shut_down,        // we were told to stop and the drain time was over
    hung_up,          // call control ended it while there was still something to hear
};
inline constexpr std::size_t outcome_count = 9;

// Whether nothing is left to be done for the caller: otherwise the call goes on with another stream, if Twilio asks.
constexpr bool ends_the_call(Outcome outcome) {
    return outcome == Outcome::completed || outcome == Outcome::timed_out || outcome == Outcome::hung_up;
}

const char* name_of(Outcome outcome);  // "completed", "caller_hung_up", …: the metrics label

struct Totals {
    std::uint64_t media_in = 0, media_in_bytes = 0;
    std::uint32_t ignored = 0;  // messages with a fault that were passed over
    std::uint32_t dtmf = 0;
    std::uint32_t underruns = 0;
    std::uint32_t overflows = 0;          // utterances cut because the playout queue was full
    std::chrono::microseconds silence{};  // total length of the underruns
    std::chrono::microseconds sent{},
        heard{};  // audio; heard = confirmed by marks (SpeechMarks::heard says what a clear adds)
    std::optional<std::chrono::microseconds> start_to_first_media;
};

}  // namespace call
