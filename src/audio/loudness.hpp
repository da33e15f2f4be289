#pragma once
// How loud a stretch of mu-law audio is: for reports that show what a caller heard, and for finding the gaps in it.

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace audio {

// Decibels below full scale; full scale is a constant sample value of 32768, so that the loudest mu-law sine stands at
// about -3.
inline constexpr double dbfs_min = -100.0;  // stands for digital silence, whose logarithm has no value

double rms_dbfs(std::span<const std::byte> mulaw);
// One value per window; the last window may be shorter. `window_bytes` must not be 0.
std::vector<double> rms_dbfs(std::span<const std::byte> mulaw, std::size_t window_bytes);

// `width` columns from ' ' (silence) over U+2581 to U+2588 (loud), in UTF-8. Speech of ordinary level fills most of the
// height.
std::string loudness_bars(std::span<const std::byte> mulaw, std::size_t width);

struct Stretch {
    std::size_t offset = 0, size = 0;  // bytes
    friend bool operator==(const Stretch&, const Stretch&) = default;
};

// Below the quietest speech, above the noise that lossy codecs leave in a pause.
inline constexpr double silence_dbfs = -50.0;

bool is_silent(std::byte code);  // by silence_dbfs

// Where no single sample exceeds `threshold_dbfs` for `at_least` that long. Exact to the sample.
std::vector<Stretch> silent_stretches(std::span<const std::byte> mulaw, std::chrono::microseconds at_least,
                                      double threshold_dbfs = silence_dbfs);

}  // namespace audio
