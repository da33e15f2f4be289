#pragma once
// Names of voices and models, before they may go into a request: 1 to 64 letters and digits, '-' and '_'. ElevenLabs'
// voice ids have 20 characters.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace elevenlabs {

inline bool is_voice_id(std::string_view id) {
    constexpr std::size_t characters_max = 64;
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    return !id.empty() && id.size() <= characters_max && std::ranges::all_of(id, allowed);
}

inline bool is_model_id(std::string_view id) {
    return is_voice_id(id);
}

// eleven_v3 has no streaming in real time.
inline bool speaks_in_real_time(std::string_view model_id) {
    return !model_id.starts_with("eleven_v3");
}

}  // namespace elevenlabs
