#include "call/speech_marks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace call {

namespace {

// A decimal number that takes up all of `text`.
std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

// A name is `generation.milliseconds`: "0.1000". Positions are whole frames, so milliseconds lose nothing.
std::optional<std::string> SpeechMarks::due(std::uint32_t parts_ended) {
    const bool part_ended = parts_ended != parts_marked_;
    parts_marked_ = parts_ended;
    if (marked_ == sent_ || (!part_ended && sent_ - marked_ < interval_)) return std::nullopt;
    marked_ = sent_;
    const auto position = std::chrono::duration_cast<std::chrono::milliseconds>(sent_);
    return fmt::format("{}.{}", generation_, position.count());
}

SpeechMarks::Echo SpeechMarks::echoed(std::string_view name) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return Echo::alien;
    const auto generation = number(name.substr(0, dot));
    const auto milliseconds = number(name.substr(dot + 1));
    if (!generation || !milliseconds || *generation > generation_) return Echo::alien;
    if (*generation < generation_) return Echo::stale;
    const Audio position = std::chrono::milliseconds{*milliseconds};
    if (position > marked_) return Echo::alien;
    if (position <= heard_) return Echo::stale;
    heard_ = position;
    return Echo::heard;
}

void SpeechMarks::cleared(Audio played) {
    heard_before_ += std::clamp(played, heard_, sent_);
    ++generation_;
    sent_ = marked_ = heard_ = {};
}

}  // namespace call
