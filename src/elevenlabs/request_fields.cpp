#include "elevenlabs/request_fields.hpp"

#include <algorithm>
#include <cmath>

namespace elevenlabs {

namespace {

double within(double value, double low, double high, double otherwise) {
    return std::isfinite(value) ? std::clamp(value, low, high) : otherwise;
}

}  // namespace

boost::json::object settings_object(const audio::VoiceSettings& settings) {
    const audio::VoiceSettings standard;
    return {{"stability", within(settings.stability, 0, 1, standard.stability)},
            {"similarity_boost", within(settings.similarity_boost, 0, 1, standard.similarity_boost)},
            {"style", within(settings.style, 0, 1, standard.style)},
            {"use_speaker_boost", settings.use_speaker_boost},
            {"speed", within(settings.speed, 0.7, 1.2, standard.speed)}};
}

bool takes_language(std::string_view model) {
    return model.contains("v2_5") || model.contains("v3") || model.contains("v4");
}

bool takes_neighbours(std::string_view model) {
    return !model.starts_with("eleven_v3");
}

}  // namespace elevenlabs
