#include "voice/mulaw_speech.hpp"

#include "audio/mulaw.hpp"
#include "audio/resampler.hpp"

namespace voice {

std::expected<void, VoiceError> speak_mulaw(FliteVoice& voice, const std::string& text, double speed,
                                            const OnClip& on_clip) {
    audio::Resampler resampler(voice.sample_rate_hz());
    bool wanted = true;
    const auto hand_on = [&](const std::vector<std::int16_t>& samples) {
        if (!samples.empty()) wanted = on_clip(audio::Clip(audio::mulaw_from_pcm(samples)));
        return wanted;
    };
    const auto spoken =
        voice.speak(text, speed, [&](std::span<const std::int16_t> pcm) { return hand_on(resampler.push(pcm)); });
    if (spoken && wanted) hand_on(resampler.finish());
    return spoken;
}

}  // namespace voice
