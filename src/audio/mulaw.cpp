#include "audio/mulaw.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace audio {

namespace {

// G.711 speaks of 14-bit samples: a 16-bit one without its two lowest bits. A code word, once inverted, is
//
//      7      6 5 4     3 2 1 0
//   | sign | segment | mantissa |     magnitude = (2 * mantissa + 33) * 2^segment - 33
//
// Adding the bias of 33 makes every segment begin at a power of two.
constexpr int bias = 33;
constexpr int magnitude_max = 0x1FFF;  // with bias: the last value of segment 7

constexpr std::byte encode_sample(std::int16_t sample) {
    const bool negative = sample < 0;
    // One's complement for negative numbers, as in the ITU's reference software (G.191): the steps of both halves are
    // of equal width.
    const int magnitude = std::min(((negative ? ~sample : sample) >> 2) + bias, magnitude_max);
    const int segment = static_cast<int>(std::bit_width(static_cast<unsigned>(magnitude))) - 6;
    const int mantissa = magnitude >> (segment + 1) & 0x0F;
    return static_cast<std::byte>(~((negative ? 0x80 : 0) | segment << 4 | mantissa) & 0xFF);
}

constexpr std::int16_t decode_code(int code) {
    const int word = ~code;
    const int segment = word >> 4 & 0x07;
    const int magnitude = (((2 * (word & 0x0F) + bias) << segment) - bias) * 4;
    return static_cast<std::int16_t>((word & 0x80) != 0 ? -magnitude : magnitude);
}

constexpr auto codes = [] {
    std::array<std::byte, 1 << 14> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = encode_sample(static_cast<std::int16_t>(static_cast<std::uint16_t>(i << 2)));
    return table;
}();

constexpr auto samples_by_code = [] {
    std::array<std::int16_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = decode_code(static_cast<int>(i));
    return table;
}();

}  // namespace

std::byte mulaw_from_pcm(std::int16_t sample) {
    return codes[static_cast<std::uint16_t>(sample) >> 2];
}

std::int16_t pcm_from_mulaw(std::byte code) {
    return samples_by_code[std::to_integer<std::size_t>(code)];
}

std::vector<std::byte> mulaw_from_pcm(std::span<const std::int16_t> samples) {
    std::vector<std::byte> mulaw(samples.size());
    std::ranges::transform(samples, mulaw.begin(), [](std::int16_t sample) { return mulaw_from_pcm(sample); });
    return mulaw;
}

std::vector<std::int16_t> pcm_from_mulaw(std::span<const std::byte> mulaw) {
    std::vector<std::int16_t> samples(mulaw.size());
    std::ranges::transform(mulaw, samples.begin(), [](std::byte code) { return pcm_from_mulaw(code); });
    return samples;
}

}  // namespace audio
