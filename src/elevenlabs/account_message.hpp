#pragma once
// What ElevenLabs says about an account, as values: the subscription, a voice, the models. Source:
// elevenlabs.io/docs/api-reference, and the schemas of the official JavaScript SDK.
//
//   GET /v1/user/subscription   {"tier":"creator","character_count":1200,"character_limit":100000,"status":"active",…}
//   GET /v1/voices/{voice_id}   {"voice_id":"21m0…","name":"Rachel","category":"premade",…}
//   GET /v1/voices              {"voices":[{"voice_id":"21m0…",…},…]}
//   GET /v1/models              [{"model_id":"eleven_flash_v2_5","can_do_text_to_speech":true,…},…]

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elevenlabs {

inline constexpr std::size_t account_reply_bytes_max = 4u << 20;  // the longest, the models, are some 50 KB

enum class AccountReplyError {
    too_large,
    not_json,
    unexpected,  // JSON, but not what was asked for
};

struct Subscription {
    std::string tier;    // "free", "starter", "creator", …
    std::string status;  // "active", "past_due", …; empty when absent
    std::int64_t characters_used = 0, characters_max = 0;
    std::optional<std::int64_t> resets_at;  // Unix time

    std::int64_t characters_left() const {
        return characters_max > characters_used ? characters_max - characters_used : 0;
    }
};

struct VoiceEntry {
    std::string voice_id, name, category;  // category: "premade", "cloned", "generated", "professional", …
};

struct ModelEntry {
    std::string model_id;
    bool speaks = true;                  // can_do_text_to_speech
    std::string concurrency_group;       // "standard" or "turbo"; empty when absent
    std::vector<std::string> languages;  // ISO 639-1
};

std::expected<Subscription, AccountReplyError> read_subscription(std::string_view body);
std::expected<VoiceEntry, AccountReplyError> read_voice(std::string_view body);
std::expected<std::vector<VoiceEntry>, AccountReplyError> read_voices(std::string_view body);
std::expected<std::vector<ModelEntry>, AccountReplyError> read_models(std::string_view body);

// Requests that a plan lets run at once, as published in 2026. `turbo`: for the Flash and Turbo models. Nothing for
// plans that are negotiated or not known here.
std::optional<unsigned> concurrent_requests_of(std::string_view tier, bool turbo);

// Whether the model counts as turbo, by its entry or, without one, by its name.
bool is_turbo(std::string_view model_id, const ModelEntry* entry);

// What the free plan may not use through the API: voices from the library that are not the account's own.
bool is_library_voice(const VoiceEntry& voice);

}  // namespace elevenlabs
