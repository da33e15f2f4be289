#pragma once
// What a client of the API wants spoken: {"text": …, "voice_id": …, "voice_settings": {…}}. A fault is a sentence for
// `detail`.

#include "audio/voice_settings.hpp"
#include "speech/speech_source.hpp"

#include <boost/json/fwd.hpp>

#include <expected>
#include <optional>
#include <string>

namespace gateway {

struct SpeechWish {
    std::string text{}, voice_id{};  // no voice_id: the default voice
    audio::VoiceSettings settings{};
};

// What the object says of the wish; what it leaves out stays as it was.
std::optional<std::string> read_wish(const boost::json::object& object, SpeechWish& wish);

std::expected<speech::Request, std::string> speech_request(SpeechWish wish, const speech::Voice& default_voice);

}  // namespace gateway
