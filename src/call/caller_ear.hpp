#pragma once
// Hears the caller, for whoever watches a call: how loud they were over about the last second. Every caller frame
// passes here (fifty a second), so sums are kept, not samples, and nothing is allocated for a frame.

#include "audio/energy.hpp"
#include "audio/mulaw.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

namespace call {

struct CallerLevel {
    double rms_dbfs, peak_dbfs;
};

class CallerEar {
public:
    // A media message's payload. What is not base64 is passed over: Twilio sends no such thing.
    void hear(std::string_view payload_base64);
    // Of the last second that was heard; silence before any was.
    CallerLevel level() const;

private:
    static constexpr std::size_t stretch_samples = audio::bytes_in(std::chrono::milliseconds(100));

    std::array<audio::Energy, 10> stretches_{};  // the last ones, in a ring
    std::size_t current_ = 0;
    std::vector<std::byte> mulaw_;  // of the frame being heard; kept for its memory
};

}  // namespace call
