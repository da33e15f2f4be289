#pragma once
// WAV files (RIFF/WAVE, little endian), the part of the format that telephone audio needs: one channel of mu-law or
// 16-bit PCM.
//
//   "RIFF" size "WAVE"
//     "fmt " size  format(2) channels(2) rate(4) bytes/s(4) bytes/sample(2) bits(2) [extension size(2)]
//     "fact" size  samples(4)                      only for mu-law
//     "data" size  the samples                     chunks of odd size are followed by one byte of padding
//
// Source: Microsoft/IBM, "Multimedia Programming Interface and Data Specifications 1.0"; format tags 1 (PCM) and 7
// (mu-law).

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <variant>
#include <vector>

namespace audio {

enum class WavError {
    not_wav,             // no RIFF/WAVE at the start
    truncated,           // a chunk claims more bytes than the file has
    no_format,           // samples come before, or without, their description
    no_samples,          // no data chunk
    unsupported_format,  // not mono mu-law or mono 16-bit PCM, or a description that contradicts itself
};

using MulawSamples = std::vector<std::byte>;
using PcmSamples = std::vector<std::int16_t>;

struct Wav {
    int rate_hz = 0;
    std::variant<MulawSamples, PcmSamples> samples;
};

inline constexpr int wav_rate_hz_max = 384'000;

// 8 kHz mono, format 7: the very bytes of the call. The span must be shorter than 4 GiB.
std::vector<std::byte> write_wav(std::span<const std::byte> mulaw);
// Mono, 16 bit. `rate_hz` is 1..wav_rate_hz_max.
std::vector<std::byte> write_wav(std::span<const std::int16_t> samples, int rate_hz);

// What stands before the samples of two channels of mu-law at 8 kHz, left and right in turn: for who writes a file that
// grows.
inline constexpr std::size_t stereo_head_bytes = 58;
std::array<std::byte, stereo_head_bytes> write_stereo_head(std::uint32_t frames);

// Needs no more memory than the file has bytes, whatever its headers claim. Unknown chunks are passed over. A data
// chunk of size 0xFFFFFFFF, which programs write that cannot seek back, extends to the end of the file.
std::expected<Wav, WavError> read_wav(std::span<const std::byte> file);

}  // namespace audio
