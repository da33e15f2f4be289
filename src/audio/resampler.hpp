#pragma once
// Brings 16-bit PCM of any rate to the telephone's 8 kHz, chunk by chunk, with the band limited first: what lies above
// 4 kHz would otherwise fold down into speech as a metallic noise.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct SRC_STATE_tag;  // libsamplerate's state

namespace audio {

class Resampler {
public:
    // 1000..192000; anything else throws std::invalid_argument. At 8000 the samples pass through untouched.
    explicit Resampler(int from_hz);
    ~Resampler();
    Resampler(Resampler&&) noexcept;
    Resampler& operator=(Resampler&&) noexcept;

    // What can be known so far: the filter looks some milliseconds ahead, so output trails input, and no chunk boundary
    // is audible.
    std::vector<std::int16_t> push(std::span<const std::int16_t> samples);
    // The rest. Afterwards the resampler is as new.
    std::vector<std::int16_t> finish();

private:
    struct Release {
        void operator()(SRC_STATE_tag* state) const;
    };
    std::vector<std::int16_t> convert(std::span<const std::int16_t> samples, bool last);

    std::unique_ptr<SRC_STATE_tag, Release> state_;  // null when nothing is to be converted
    double ratio_;
};

}  // namespace audio
