#include "call/caller_ear.hpp"

#include "encoding/base64.hpp"

namespace call {

void CallerEar::hear(std::string_view payload_base64) {
    mulaw_.clear();
    if (!encoding::append_from_base64(mulaw_, payload_base64)) return;
    if (stretches_[current_].samples >= stretch_samples) {
        current_ = (current_ + 1) % stretches_.size();
        stretches_[current_] = {};
    }
    stretches_[current_] += audio::energy_of(mulaw_);
}

CallerLevel CallerEar::level() const {
    audio::Energy second;
    for (const audio::Energy& stretch : stretches_) second += stretch;
    return {.rms_dbfs = second.rms_dbfs(), .peak_dbfs = second.peak_dbfs()};
}

}  // namespace call
