#include "numbers/key.hpp"

#include "call/greeting.hpp"
#include "elevenlabs/voice_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace numbers {

namespace {

using Fault = std::optional<std::string>;

constexpr std::size_t greeting_bytes_max = 5'000, busy_text_bytes_max = 3'000;

Fault text(const Value& value, std::size_t bytes_max, std::string& into) {
    const auto* const given = std::get_if<std::string>(&value);
    if (given == nullptr || given->size() > bytes_max)
        return fmt::format("must be a text of at most {} bytes, in quotes", bytes_max);
    into = *given;
    return std::nullopt;
}

Fault fraction(const Value& value, double low, double high, double& into) {
    const auto* const real = std::get_if<double>(&value);
    const auto* const whole = std::get_if<std::int64_t>(&value);
    const double given = real != nullptr ? *real : whole != nullptr ? static_cast<double>(*whole) : high + 1;
    if (!(given >= low && given <= high)) return fmt::format("must be a number from {} to {}", low, high);
    into = given;
    return std::nullopt;
}

Fault whole_number(const Value& value, std::int64_t low, std::int64_t high, auto&& assign) {
    const auto* const given = std::get_if<std::int64_t>(&value);
    if (given == nullptr || *given < low || *given > high)
        return fmt::format("must be a whole number from {} to {}", low, high);
    assign(*given);
    return std::nullopt;
}

Fault truth(const Value& value, bool& into) {
    const auto* const given = std::get_if<bool>(&value);
    if (given == nullptr) return "must be true or false";
    into = *given;
    return std::nullopt;
}

Fault greeting(const Value& value, CallSettings& settings) {
    std::string given;
    if (auto fault = text(value, greeting_bytes_max, given)) return fault;
    if (const auto sound = call::check_greeting(given); !sound) return "is no greeting: " + sound.error();
    settings.greeting = std::move(given);
    return std::nullopt;
}

Fault voice_id(const Value& value, CallSettings& settings) {
    const auto* const given = std::get_if<std::string>(&value);
    if (given == nullptr || !elevenlabs::is_voice_id(*given))
        return "must be a voice id in quotes: 1 to 64 letters, digits, '-' and '_'";
    settings.voice.id = *given;
    return std::nullopt;
}

Fault model_id(const Value& value, CallSettings& settings) {
    const auto* const given = std::get_if<std::string>(&value);
    if (given == nullptr || !elevenlabs::is_model_id(*given))
        return "must be a model's name in quotes, such as \"eleven_flash_v2_5\"";
    if (!elevenlabs::speaks_in_real_time(*given)) return "names a model that cannot stream in real time";
    settings.voice.model = *given;
    return std::nullopt;
}

Fault language_code(const Value& value, CallSettings& settings) {
    const auto* const given = std::get_if<std::string>(&value);
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    if (given == nullptr || given->size() < 2 || given->size() > 3 || !std::ranges::all_of(*given, is_letter))
        return "must be the ISO 639 code of a language in quotes, such as \"de\"";
    settings.voice.language = *given;
    return std::nullopt;
}

Fault after_speech(const Value& value, CallSettings& settings) {
    const auto* const given = std::get_if<std::string>(&value);
    if (given == nullptr || (*given != "stay" && *given != "hangup")) return "must be \"stay\" or \"hangup\"";
    settings.after_speech = *given == "stay" ? call::AfterSpeech::stay : call::AfterSpeech::hang_up;
    return std::nullopt;
}

std::string quoted(const std::string& given) {
    return fmt::format("{:?}", given);
}

std::string shown(auto number) {
    return fmt::format("{}", number);
}

// clang-format off
constexpr std::array table{
    Key{"greeting", greeting, [](const CallSettings& of) { return quoted(of.greeting); }},
    Key{"voice_id", voice_id, [](const CallSettings& of) { return quoted(of.voice.id); }},
    Key{"model_id", model_id, [](const CallSettings& of) { return quoted(of.voice.model); }},
    Key{"language_code", language_code, [](const CallSettings& of) { return quoted(of.voice.language); }},
    Key{"voice_stability", [](const Value& v, CallSettings& to) { return fraction(v, 0, 1, to.voice.settings.stability); },
        [](const CallSettings& of) { return shown(of.voice.settings.stability); }},
    Key{"voice_similarity_boost", [](const Value& v, CallSettings& to) { return fraction(v, 0, 1, to.voice.settings.similarity_boost); },
        [](const CallSettings& of) { return shown(of.voice.settings.similarity_boost); }},
    Key{"voice_style", [](const Value& v, CallSettings& to) { return fraction(v, 0, 1, to.voice.settings.style); },
        [](const CallSettings& of) { return shown(of.voice.settings.style); }},
    Key{"voice_speed", [](const Value& v, CallSettings& to) { return fraction(v, 0.7, 1.2, to.voice.settings.speed); },
        [](const CallSettings& of) { return shown(of.voice.settings.speed); }},
    Key{"voice_speaker_boost", [](const Value& v, CallSettings& to) { return truth(v, to.voice.settings.use_speaker_boost); },
        [](const CallSettings& of) { return shown(of.voice.settings.use_speaker_boost); }},
    Key{"after_speech", after_speech,
        [](const CallSettings& of) { return quoted(of.after_speech == call::AfterSpeech::stay ? "stay" : "hangup"); }},
    Key{"max_calls", [](const Value& v, CallSettings& to) { return whole_number(v, 1, 1'000'000, [&](std::int64_t n) { to.calls_max = static_cast<std::size_t>(n); }); },
        [](const CallSettings& of) { return of.calls_max == 0 ? std::string() : shown(of.calls_max); }},
    Key{"max_call_seconds", [](const Value& v, CallSettings& to) { return whole_number(v, 1, 86'400, [&](std::int64_t n) { to.call_duration_max = std::chrono::seconds(n); }); },
        [](const CallSettings& of) { return shown(of.call_duration_max.count() / 1000); }},
    Key{"busy_text", [](const Value& v, CallSettings& to) { return text(v, busy_text_bytes_max, to.busy_text); },
        [](const CallSettings& of) { return quoted(of.busy_text); }},
    Key{"record", [](const Value& v, CallSettings& to) { return truth(v, to.record); },
        [](const CallSettings& of) { return shown(of.record); }},
};
// clang-format on

}  // namespace

std::span<const Key> keys() {
    return table;
}

const Key* find_key(std::string_view name) {
    const auto* const found = std::ranges::find(table, name, &Key::name);
    return found == table.end() ? nullptr : found;
}

}  // namespace numbers
