#pragma once
// What Twilio sends on a Media Stream: "connected", "start", the caller's audio every 20 ms, key presses, marks,
// "stop". Which message is due when is a plan made beforehand, so lateness does not add up. Time is an argument.

#include "audio/clip.hpp"
#include "audio/mulaw.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

using Instant = std::chrono::steady_clock::time_point;

// Nothing arrives during it; what was held back arrives together at its end.
struct Outage {
    std::chrono::milliseconds begins{}, length{};
};

struct KeyPress {
    std::chrono::milliseconds at{};
    char digit = '0';
};

class Line {
public:
    struct Options {
        std::string account_sid, call_sid, stream_sid;
        std::vector<std::pair<std::string, std::string>> parameters;
        audio::Clip caller_audio;             // silence when it is over
        std::vector<KeyPress> keys;           // in order of time
        std::chrono::milliseconds jitter{0};  // each message leaves up to this much after its time
        std::size_t burst_frames = 1;         // this many messages leave together
        bool odd_sizes = false;               // 1 to 400 bytes a message in place of 160
        std::vector<Outage> outages;          // in order of time
        std::uint32_t seed = 1;
    };

    Line(Options options, Instant stream_start);

    static std::string connected();
    std::string start();
    std::string mark(std::string_view name);
    std::string stop();

    // Hands out every media and dtmf message due by `now`, each valid during the call.
    void take_due(Instant now, const std::function<void(std::string_view)>& send);
    Instant next_due() const { return next_due_; }

    // Milliseconds on the stream's clock of the first media message. Live calls showed 102, 155 and 171.
    std::chrono::milliseconds first_timestamp() const { return first_timestamp_; }
    std::uint64_t media_messages() const { return chunk_; }

private:
    void plan_next();
    std::chrono::nanoseconds departure();
    void append_media(std::string& out);
    void append_key(std::string& out, char digit);
    std::string sequence();

    Options options_;
    Instant stream_start_;
    std::minstd_rand random_;  // small: there is one a call
    std::chrono::milliseconds first_timestamp_;
    std::uint64_t sequence_ = 0, chunk_ = 0;
    std::size_t frame_bytes_ = audio::frame_bytes;  // of the next message
    std::chrono::microseconds sent_{};              // playing time of all media so far
    std::size_t caller_offset_ = 0, next_key_ = 0;
    std::size_t in_burst_ = 0;  // messages of this burst already planned
    Instant next_due_;
    std::string message_, silence_payload_;
};

}  // namespace simulator
