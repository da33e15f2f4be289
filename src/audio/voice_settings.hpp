#pragma once
// How a voice should sound. The names and defaults are ElevenLabs' and the product specification's; a local voice uses
// what it can.

namespace audio {

struct VoiceSettings {
    double stability = 0.5;          // 0..1
    double similarity_boost = 0.75;  // 0..1
    double style = 0.0;              // 0..1
    bool use_speaker_boost = true;
    double speed = 1.0;  // 0.7..1.2
    friend bool operator==(const VoiceSettings&, const VoiceSettings&) = default;
};

}  // namespace audio
