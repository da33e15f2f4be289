#pragma once
// What the load generator was asked to do, and what it saw: one for all calls.

#include "load/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

struct Plan {
    std::uint16_t port = 0;  // of the server under test
    std::string path = "/api/v1/elevenlabs-twilio/call/connection";
    std::string webhook_path;                // asked first, for the TwiML; empty: the stream is opened without
    std::string auth_token;                  // signs as Twilio does; empty: nothing is signed
    std::string host = "phone.example.org";  // the server's public name
    std::uint32_t ring_ms = 500;             // between the webhook's answer and the stream
    bool tls = false;
    std::uint32_t calls = 10;
    double call_seconds = 12, window_seconds = 12;
    double ramp_seconds = 0;      // until all calls are up; 0: call_seconds, so that they also end at an even pace
    std::uint32_t expect_ms = 0;  // audio every whole call must get
    bool stamp_frames = false;    // the caller's frames carry a stamp: for servers that echo
    bool find_stamps = false;     // what is heard may carry stamps: of the caller's frames, or of the upstream
    std::int64_t gap_tolerance_ns = 0;
};

struct Tally {
    std::uint64_t placed = 0, finished = 0;              // calls
    std::uint64_t refused = 0, lost = 0, too_short = 0;  // calls; too_short: less audio than expected
    std::uint64_t silent = 0;                            // too_short without any audio
    std::uint64_t gaps = 0, calls_with_gaps = 0;
    std::int64_t longest_gap_ns = 0;
    std::uint64_t frames_sent = 0, media_received = 0, marks_received = 0, audio_bytes = 0;
    std::uint64_t sends_blocked = 0;  // the server did not read
    bool over = false;                // everybody hangs up
    Histogram webhook, first_media, latency, send_lateness;

    std::uint64_t failures() const { return refused + lost + too_short; }
};

}  // namespace bench
