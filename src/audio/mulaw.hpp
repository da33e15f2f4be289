#pragma once
// G.711 mu-law, 8 kHz mono: the only audio format on a Twilio Media Stream (one byte a sample, 125 us a byte).
// Source: ITU-T G.711, table 2a/2b.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace audio {

inline constexpr int sample_rate_hz = 8000;
inline constexpr std::size_t frame_bytes = 160;  // 20 ms, the unit Twilio sends and plays
inline constexpr std::byte mulaw_silence{0xFF};  // code word of sample value 0

// The playing time of `bytes` mu-law bytes.
constexpr std::chrono::microseconds duration_of(std::size_t bytes) {
    return std::chrono::microseconds{static_cast<std::int64_t>(bytes) * 125};
}

// How many mu-law bytes play in `duration`, rounded down.
constexpr std::size_t bytes_in(std::chrono::microseconds duration) {
    return static_cast<std::size_t>(duration.count() / 125);
}

std::byte mulaw_from_pcm(std::int16_t sample);
std::int16_t pcm_from_mulaw(std::byte code);

std::vector<std::byte> mulaw_from_pcm(std::span<const std::int16_t> samples);
std::vector<std::int16_t> pcm_from_mulaw(std::span<const std::byte> codes);

}  // namespace audio
