#pragma once
// Makes sense of one HTTP answer of ElevenLabs as it arrives: audio to play, or the reason why there is none. Knows
// nothing of connections.

#include "audio/clip_joiner.hpp"
#include "net/http_client.hpp"
#include "speech/speech_source.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace gateway {

class ElevenLabsReply {
public:
    // Error reports are about 400 bytes; a longer one is some proxy's page.
    static constexpr std::size_t report_bytes_max = 64 * 1024;

    void on_head(const net::IncomingHead& head);
    // What of the answer may be played now; may be empty.
    audio::Clip on_body(std::span<const char> bytes);
    // True when it is certain before the end that this will not be played: there is no use in reading on.
    bool hopeless() const { return state_ != State::audio && report_.size() >= report_bytes_max; }

    // The answer is complete. What was held back and is audio after all comes first; then success or failure.
    struct End {
        audio::Clip rest;
        std::optional<speech::Failure> failure;
        std::string request_id;  // of an error report
    };
    End finish();
    // The answer broke off, or never came.
    End break_off(const net::TransportError& error);

    int status() const { return status_; }
    std::size_t audio_bytes() const { return audio_bytes_; }

private:
    enum class State {
        report,      // by status or content type this is no audio
        suspicious,  // said to be audio, and begins like a JSON object
        audio,
    };
    audio::Clip play(std::span<const char> bytes);
    End failed() const;

    State state_ = State::report;
    int status_ = 0;
    std::string report_;  // or what is held back while suspicious
    std::size_t audio_bytes_ = 0;
    audio::ClipJoiner joiner_;
};

}  // namespace gateway
