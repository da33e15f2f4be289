#pragma once
// Whether audio can be what a text sounds like: a source may end well and yet have said nothing, only the beginning, or
// have fallen silent. speaking_rate knows how fast people speak.

#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace speech {

inline constexpr std::chrono::milliseconds longest_pause{1'000};

// How much silence at a stretch the audio of a text may have; none: as much as it likes.
std::optional<std::size_t> silence_bytes_max(std::string_view text, std::chrono::milliseconds pause_max);

// Whether audio said to be all of a text is silent for longer, or altogether.
bool falls_silent(std::string_view text, std::span<const audio::Clip> whole);

Failure no_audio();

// Of a source that says it has said the whole text, in so many bytes.
std::optional<Failure> fault_of_whole(std::string_view text, std::size_t bytes, double units_per_second_max);

}  // namespace speech
