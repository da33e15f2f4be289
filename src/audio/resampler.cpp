#include "audio/resampler.hpp"

#include "audio/mulaw.hpp"

#include <samplerate.h>

#include <array>
#include <new>
#include <stdexcept>

namespace audio {

namespace {

constexpr int from_hz_min = 1000, from_hz_max = 192'000;

// Medium keeps 90 % of the band, up to 3.6 kHz of 4, and so all of the telephone's 300-3400 Hz; "fastest" would end
// at 3.2 kHz.
constexpr int converter = SRC_SINC_MEDIUM_QUALITY;

}  // namespace

void Resampler::Release::operator()(SRC_STATE_tag* state) const {
    src_delete(state);
}

Resampler::Resampler(int from_hz) : ratio_(static_cast<double>(sample_rate_hz) / from_hz) {
    if (from_hz < from_hz_min || from_hz > from_hz_max) throw std::invalid_argument("resampler: rate out of range");
    if (from_hz == sample_rate_hz) return;
    int error = 0;
    state_.reset(src_new(converter, 1, &error));
    if (!state_) throw std::bad_alloc();  // the only way src_new fails with these arguments
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::vector<std::int16_t> Resampler::push(std::span<const std::int16_t> samples) {
    if (!state_) return {samples.begin(), samples.end()};
    return convert(samples, false);
}

std::vector<std::int16_t> Resampler::finish() {
    if (!state_) return {};
    auto rest = convert({}, true);
    src_reset(state_.get());
    return rest;
}

std::vector<std::int16_t> Resampler::convert(std::span<const std::int16_t> samples, bool last) {
    std::vector<float> in(samples.size() +
                          1);  // one more than needed: libsamplerate wants an address even for no samples
    src_short_to_float_array(samples.data(), in.data(), static_cast<int>(samples.size()));

    std::vector<std::int16_t> result;
    std::array<float, 1024> out;
    SRC_DATA step{};
    step.data_in = in.data();
    step.input_frames = static_cast<long>(samples.size());
    step.data_out = out.data();
    step.output_frames = static_cast<long>(out.size());
    step.end_of_input = last ? 1 : 0;
    step.src_ratio = ratio_;
    do {
        // It can only refuse wrong arguments, of which there are none here.
        if (src_process(state_.get(), &step) != 0) break;
        const auto made = static_cast<std::size_t>(step.output_frames_gen);
        const std::size_t before = result.size();
        result.resize(before + made);
        src_float_to_short_array(out.data(), result.data() + before, static_cast<int>(made));
        step.data_in += step.input_frames_used;
        step.input_frames -= step.input_frames_used;
    } while (step.input_frames_used > 0 || step.output_frames_gen > 0);  // until it neither eats nor gives
    return result;
}

}  // namespace audio
