#include "speech/hush.hpp"

#include "audio/loudness.hpp"

#include <algorithm>

namespace speech {

// Looks only where the silence would become too long, and from there back to the last sound: all of a voice's audio
// passes here, for every call that hears it.
bool Hush::hear(std::span<const std::byte> mulaw) {
    while (!mulaw.empty()) {
        const auto stretch = mulaw.first(std::min(mulaw.size() - 1, bytes_max_ - silent_bytes_) + 1);
        mulaw = mulaw.subspan(stretch.size());
        const auto sound = std::find_if_not(stretch.rbegin(), stretch.rend(), audio::is_silent);
        const auto silent = static_cast<std::size_t>(sound - stretch.rbegin());
        if (sound != stretch.rend()) {
            voice_heard_ = true;
            silent_bytes_ = silent;
        } else {
            silent_bytes_ += silent;
        }
        if (silent_bytes_ > bytes_max_) return false;
    }
    return true;
}

}  // namespace speech
