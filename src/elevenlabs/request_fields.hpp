#pragma once
// Parts of a request that HTTP and WebSocket have in common.

#include "audio/voice_settings.hpp"

#include <boost/json/object.hpp>

#include <string_view>

namespace elevenlabs {

// The `voice_settings` object, each value kept inside the range the server takes.
boost::json::object settings_object(const audio::VoiceSettings& settings);

// The English-only and the multilingual v2 models refuse or ignore a language.
bool takes_language(std::string_view model);

// eleven_v3 answers 400 to neighbouring text.
bool takes_neighbours(std::string_view model);

}  // namespace elevenlabs
