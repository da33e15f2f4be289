#include "audio/clip_joiner.hpp"

#include "audio/mulaw.hpp"

#include <utility>

namespace audio {

Clip ClipJoiner::add(std::span<const std::byte> mulaw) {
    if (mulaw.empty()) return {};
    waiting_.insert(waiting_.end(), mulaw.begin(), mulaw.end());
    if (std::exchange(begun_, true) && waiting_.size() < frame_bytes) return {};
    return rest();
}

Clip ClipJoiner::rest() {
    return waiting_.empty() ? Clip{} : Clip(std::exchange(waiting_, {}));
}

}  // namespace audio
