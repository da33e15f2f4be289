#include "speech/audio_check.hpp"

#include "audio/mulaw.hpp"
#include "speech/hush.hpp"
#include "speech/speaking_rate.hpp"

namespace speech {

std::optional<std::size_t> silence_bytes_max(std::string_view text, std::chrono::milliseconds pause_max) {
    const bool asks_for_silence = text.contains("<break");
    if (asks_for_silence || !is_speakable(text)) return std::nullopt;
    return audio::bytes_in(pause_max);
}

bool falls_silent(std::string_view text, std::span<const audio::Clip> whole) {
    const auto bytes_max = silence_bytes_max(text, longest_pause);
    if (!bytes_max) return false;
    Hush hush(*bytes_max);
    for (const audio::Clip& clip : whole) {
        if (!hush.hear(clip.bytes())) return true;
    }
    return !hush.voice_heard();
}

Failure no_audio() {
    return {Failure::Kind::unavailable, "no audio"};
}

std::optional<Failure> fault_of_whole(std::string_view text, std::size_t bytes, double units_per_second_max) {
    if (bytes == 0 && is_speakable(text)) return no_audio();
    if (units_per_second_max <= 0 || !is_cut_short(text, bytes, units_per_second_max)) return std::nullopt;
    return Failure{Failure::Kind::unavailable, "audio cut short"};
}

}  // namespace speech
