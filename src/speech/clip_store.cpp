#include "speech/clip_store.hpp"

#include <fmt/format.h>

#include <utility>

namespace speech {

Secret ClipKey::canonical() const {
    const audio::VoiceSettings& s = voice.settings;
    // fmt prints a double with the fewest digits that read back as the same number.
    const std::string settings =
        fmt::format("{} {} {} {:d} {}", s.stability, s.similarity_boost, s.style, s.use_speaker_boost, s.speed);
    std::string out;
    for (const std::string* part : {&provider, &voice.id, &voice.model, &voice.language, &settings, &text.reveal()}) {
        out += fmt::format("{}:{};", part->size(), *part);
    }
    return Secret{std::move(out)};
}

}  // namespace speech
