// ElevenLabs' replies about an account. The first byte chooses the reader.

#include "elevenlabs/account_message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// Shown to an operator: short, and unable to command a terminal.
void require_showable(std::string_view text) {
    require(text.size() <= 200);
    require(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }));
}

void check_subscription(std::string_view body) {
    const auto subscription = elevenlabs::read_subscription(body);
    if (!subscription) return;
    require(!subscription->tier.empty());
    require_showable(subscription->tier);
    require_showable(subscription->status);
    const auto left = subscription->characters_left();
    require(left >= 0 && left <= subscription->characters_max);
}

void check_voice(std::string_view body) {
    const auto voice = elevenlabs::read_voice(body);
    if (!voice) return;
    require(!voice->voice_id.empty());
    for (const auto* text : {&voice->voice_id, &voice->name, &voice->category}) require_showable(*text);
}

void check_models(std::string_view body) {
    const auto models = elevenlabs::read_models(body);
    if (!models) return;
    require(models->size() <= 1'000);
    for (const auto& model : *models) {
        require(!model.model_id.empty() && model.languages.size() <= 500);
        require_showable(model.model_id);
        require_showable(model.concurrency_group);
        for (const auto& language : model.languages) require_showable(language);
        elevenlabs::is_turbo(model.model_id, &model);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            check_subscription(body);
            break;
        case 1:
            check_voice(body);
            break;
        default:
            check_models(body);
            break;
    }
    return 0;
}
