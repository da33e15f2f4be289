#pragma once
// Plays ElevenLabs at a fraction of its price: answers every POST with the same length of mu-law audio, at a pace that
// is given, each chunk stamped with the time at which it was sent. elevenlabs-standin speaks real words and knows every
// fault; with hundreds of calls a core it would measure its own voice.

#include "wire/stream.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace bench {

struct UpstreamPlan {
    std::uint32_t audio_ms = 10'000;
    std::uint32_t first_byte_ms = 225;  // the live service's median for its fastest model
    std::uint32_t head_ms = 500;        // audio that comes at once
    std::uint32_t chunk_ms = 500,
                  interval_ms = 50;  // and then so much every so often: ten times as fast as it is heard
    std::uint64_t asked = 0;         // answers begun
};

class UpstreamAnswer final : public Stream {
public:
    UpstreamAnswer(Loop& loop, Socket accepted, UpstreamPlan& plan);

private:
    void on_bytes(std::span<char> bytes) override;
    void on_due(std::int64_t now_ns) override;
    void send_chunk(std::uint32_t length_ms);

    UpstreamPlan& plan_;
    std::string request_;
    std::uint32_t sent_ms_ = 0;
    bool answering_ = false;
};

class SpeechUpstream final : public Actor {
public:
    SpeechUpstream(Loop& loop, int listener, UpstreamPlan& plan);

private:
    void on_ready(std::uint32_t events) override;
    void on_due(std::int64_t) override {}

    Loop& loop_;
    int listener_;
    UpstreamPlan& plan_;
};

}  // namespace bench
