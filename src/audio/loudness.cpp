#include "audio/loudness.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace audio {

namespace {

constexpr double full_scale = 32768.0;

// The range the bars show: a telephone voice averages about -20 dBFS and its peaks reach -10; a breath is near -50.
constexpr double bars_floor_dbfs = -50.0, bars_top_dbfs = -14.0;
constexpr int bars_levels = 8;

std::string bar_of(double dbfs) {
    if (dbfs < bars_floor_dbfs) return " ";
    const double height = (dbfs - bars_floor_dbfs) / (bars_top_dbfs - bars_floor_dbfs);
    const int level = std::clamp(static_cast<int>(height * bars_levels), 0, bars_levels - 1);
    return {'\xE2', '\x96', static_cast<char>(0x81 + level)};  // U+2581 + level
}

std::array<bool, 256> codes_up_to(double threshold_dbfs) {
    const double loudest = full_scale * std::pow(10.0, threshold_dbfs / 20.0);
    std::array<bool, 256> quiet{};
    for (std::size_t code = 0; code < quiet.size(); ++code)
        quiet[code] = std::abs(static_cast<int>(pcm_from_mulaw(static_cast<std::byte>(code)))) <= loudest;
    return quiet;
}

}  // namespace

bool is_silent(std::byte code) {
    static const auto quiet = codes_up_to(silence_dbfs);
    return quiet[std::to_integer<std::size_t>(code)];
}

double rms_dbfs(std::span<const std::byte> mulaw) {
    double energy = 0.0;
    for (const std::byte code : mulaw) {
        const double sample = pcm_from_mulaw(code) / full_scale;
        energy += sample * sample;
    }
    if (energy == 0.0) return dbfs_min;
    return std::max(dbfs_min, 10.0 * std::log10(energy / static_cast<double>(mulaw.size())));
}

std::vector<double> rms_dbfs(std::span<const std::byte> mulaw, std::size_t window_bytes) {
    std::vector<double> levels;
    levels.reserve(mulaw.size() / window_bytes + 1);
    for (; !mulaw.empty(); mulaw = mulaw.subspan(std::min(window_bytes, mulaw.size())))
        levels.push_back(rms_dbfs(mulaw.first(std::min(window_bytes, mulaw.size()))));
    return levels;
}

std::string loudness_bars(std::span<const std::byte> mulaw, std::size_t width) {
    std::string bars;
    if (mulaw.empty()) return std::string(width, ' ');
    for (std::size_t column = 0; column < width; ++column) {
        const std::size_t begin = column * mulaw.size() / width;
        const std::size_t end = (column + 1) * mulaw.size() / width;
        bars += bar_of(rms_dbfs(mulaw.subspan(begin, std::max<std::size_t>(end - begin, 1))));
    }
    return bars;
}

std::vector<Stretch> silent_stretches(std::span<const std::byte> mulaw, std::chrono::microseconds at_least,
                                      double threshold_dbfs) {
    const auto quiet = codes_up_to(threshold_dbfs);
    const auto is_quiet = [&](std::byte code) { return quiet[std::to_integer<std::size_t>(code)]; };
    std::vector<Stretch> stretches;
    for (auto from = mulaw.begin(); from != mulaw.end();) {
        from = std::find_if(from, mulaw.end(), is_quiet);
        const auto to = std::find_if_not(from, mulaw.end(), is_quiet);
        const auto size = static_cast<std::size_t>(to - from);
        if (size > 0 && duration_of(size) >= at_least)
            stretches.push_back({static_cast<std::size_t>(from - mulaw.begin()), size});
        from = to;
    }
    return stretches;
}

}  // namespace audio
