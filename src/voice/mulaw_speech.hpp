#pragma once
// Text to what a phone call carries: 8 kHz mu-law, in clips that appear while the speech is being made.

#include "audio/clip.hpp"
#include "voice/flite_voice.hpp"

#include <expected>
#include <functional>
#include <string>

namespace voice {

// Gets the next clip, never an empty one; false stops the speech.
using OnClip = std::function<bool(audio::Clip)>;

// As FliteVoice::speak, resampled and encoded. Clips are not cut to whole frames: that is the playout's business.
std::expected<void, VoiceError> speak_mulaw(FliteVoice& voice, const std::string& text, double speed,
                                            const OnClip& on_clip);

}  // namespace voice
