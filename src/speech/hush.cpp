#include "speech/hush.hpp"

#include "audio/loudness.hpp"

namespace speech {

bool Hush::hear(std::span<const std::byte> mulaw) {
    for (const std::byte code : mulaw) {
        if (!audio::is_silent(code)) {
            silent_bytes_ = 0;
            voice_heard_ = true;
        } else if (++silent_bytes_ > bytes_max_) {
            return false;
        }
    }
    return true;
}

}  // namespace speech
