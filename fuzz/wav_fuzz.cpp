// Any file: what is read is no larger than the file and survives being written and read again.

#include "audio/wav.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto wav = audio::read_wav(std::as_bytes(std::span(data, size)));
    if (!wav) return 0;
    require(wav->rate_hz >= 1 && wav->rate_hz <= audio::wav_rate_hz_max);

    if (const auto* mulaw = std::get_if<audio::MulawSamples>(&wav->samples)) {
        require(mulaw->size() < size);
        const auto again = audio::read_wav(audio::write_wav(*mulaw));
        require(again && std::get<audio::MulawSamples>(again->samples) == *mulaw);
    } else {
        const auto& samples = std::get<audio::PcmSamples>(wav->samples);
        require(samples.size() * 2 < size);
        const auto again = audio::read_wav(audio::write_wav(samples, wav->rate_hz));
        require(again && again->rate_hz == wav->rate_hz && std::get<audio::PcmSamples>(again->samples) == samples);
    }
    return 0;
}
