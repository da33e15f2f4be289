#include "reference/speech.hpp"

#include "audio/mulaw.hpp"
#include "encoding/base64.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace bench {

namespace {

std::vector<std::byte> warble(std::size_t bytes) {
    std::vector<std::byte> audio(bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
        const double t = static_cast<double>(i) / audio::sample_rate_hz;
        const double phase = 2 * std::numbers::pi * (440 * t + 8 * std::sin(2 * std::numbers::pi * 3 * t));
        audio[i] = audio::mulaw_from_pcm(static_cast<std::int16_t>(8000 * std::sin(phase)));
    }
    return audio;
}

std::vector<std::string> encoded(std::span<const std::byte> clip, std::size_t message_bytes) {
    std::vector<std::string> payloads;
    for (; !clip.empty(); clip = clip.subspan(std::min(message_bytes, clip.size())))
        payloads.push_back(encoding::to_base64(clip.first(std::min(message_bytes, clip.size()))));
    return payloads;
}

constexpr std::size_t bytes_a_ms = 8;

std::array<std::uint16_t, 256> loudness_of_codes() {
    std::array<std::uint16_t, 256> loudness{};
    for (std::size_t code = 0; code < loudness.size(); ++code)
        loudness[code] = static_cast<std::uint16_t>(std::abs(audio::pcm_from_mulaw(static_cast<std::byte>(code))));
    return loudness;
}

}  // namespace

Speech::Speech(const Options& options)
    : output(512 + encoding::base64_size(std::max<std::size_t>(options.message_ms * bytes_a_ms, audio::frame_bytes))),
      options_(options),
      payloads_(encoded(warble(options.clip_ms * bytes_a_ms), options.message_ms * bytes_a_ms)) {}

void Speech::hear(std::string_view payload_base64) {
    if (options_.caller_audio == CallerAudio::found) {
        level_ += payload_base64.size();
        return;
    }
    static const std::array<std::uint16_t, 256> loudness = loudness_of_codes();
    heard_.clear();
    if (!encoding::append_from_base64(heard_, payload_base64)) return;
    for (const std::byte code : heard_) level_ += loudness[static_cast<std::size_t>(code)];
}

}  // namespace bench
