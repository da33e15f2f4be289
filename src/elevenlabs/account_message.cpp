#include "elevenlabs/account_message.hpp"

#include "elevenlabs/plain_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace elevenlabs {

namespace json = boost::json;

namespace {

constexpr std::size_t text_bytes_max = 200;
constexpr std::size_t models_max = 1'000, voices_max = 10'000, languages_max = 500;

std::expected<json::value, AccountReplyError> parse(std::string_view body) {
    if (body.size() > account_reply_bytes_max) return std::unexpected(AccountReplyError::too_large);
    json::error_code error;
    json::value value = json::parse(body, error);
    if (error) return std::unexpected(AccountReplyError::not_json);
    return value;
}

// Fit to be shown to an operator. Empty when absent or not a string.
std::string shown_text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? plain_text(value->get_string(), text_bytes_max) : std::string();
}

// A whole number that is not negative; 1200.0 is one.
std::optional<std::int64_t> number_at(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    const auto number = value->to_number<std::int64_t>(error);
    return error || number < 0 ? std::nullopt : std::optional(number);
}

std::vector<std::string> languages_of(const json::object& model) {
    std::vector<std::string> languages;
    const json::value* list = model.if_contains("languages");
    if (list == nullptr || !list->is_array()) return languages;
    for (const json::value& entry : list->get_array()) {
        const json::object* language = entry.if_object();
        if (language == nullptr || languages.size() >= languages_max) continue;
        if (auto id = shown_text(*language, "language_id"); !id.empty()) languages.push_back(std::move(id));
    }
    return languages;
}

std::expected<VoiceEntry, AccountReplyError> voice_in(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return std::unexpected(AccountReplyError::unexpected);
    VoiceEntry voice{.voice_id = shown_text(*object, "voice_id"),
                     .name = shown_text(*object, "name"),
                     .category = shown_text(*object, "category")};
    if (voice.voice_id.empty()) return std::unexpected(AccountReplyError::unexpected);
    return voice;
}

struct Plan {
    std::string_view tier;
    unsigned standard, turbo;
};

constexpr std::array plans = std::to_array<Plan>({
    {"free", 2, 4},
    {"starter", 3, 6},
    {"creator", 5, 10},
    {"pro", 10, 20},
    {"scale", 15, 30},
    {"business", 15, 30},
});

}  // namespace

std::expected<Subscription, AccountReplyError> read_subscription(std::string_view body) {
    const auto value = parse(body);
    if (!value) return std::unexpected(value.error());
    const json::object* object = value->if_object();
    if (object == nullptr) return std::unexpected(AccountReplyError::unexpected);
    const auto used = number_at(*object, "character_count"), limit = number_at(*object, "character_limit");
    Subscription subscription{.tier = shown_text(*object, "tier"),
                              .status = shown_text(*object, "status"),
                              .characters_used = used.value_or(0),
                              .characters_max = limit.value_or(0),
                              .resets_at = number_at(*object, "next_character_count_reset_unix")};
    if (subscription.tier.empty() || !used || !limit) return std::unexpected(AccountReplyError::unexpected);
    return subscription;
}

std::expected<VoiceEntry, AccountReplyError> read_voice(std::string_view body) {
    const auto value = parse(body);
    if (!value) return std::unexpected(value.error());
    return voice_in(*value);
}

std::expected<std::vector<VoiceEntry>, AccountReplyError> read_voices(std::string_view body) {
    const auto value = parse(body);
    if (!value) return std::unexpected(value.error());
    const json::object* object = value->if_object();
    const json::value* list = object == nullptr ? nullptr : object->if_contains("voices");
    if (list == nullptr || !list->is_array() || list->get_array().size() > voices_max)
        return std::unexpected(AccountReplyError::unexpected);
    std::vector<VoiceEntry> voices;
    for (const json::value& entry : list->get_array()) {
        auto voice = voice_in(entry);
        if (!voice) return std::unexpected(voice.error());
        voices.push_back(std::move(*voice));
    }
    return voices;
}

std::expected<std::vector<ModelEntry>, AccountReplyError> read_models(std::string_view body) {
    const auto value = parse(body);
    if (!value) return std::unexpected(value.error());
    const json::array* list = value->if_array();
    if (list == nullptr || list->size() > models_max) return std::unexpected(AccountReplyError::unexpected);
    std::vector<ModelEntry> models;
    for (const json::value& entry : *list) {
        const json::object* object = entry.if_object();
        if (object == nullptr) return std::unexpected(AccountReplyError::unexpected);
        const json::value* speaks = object->if_contains("can_do_text_to_speech");
        ModelEntry model{.model_id = shown_text(*object, "model_id"),
                         .speaks = speaks == nullptr || !speaks->is_bool() || speaks->get_bool(),
                         .concurrency_group = shown_text(*object, "concurrency_group"),
                         .languages = languages_of(*object)};
        if (model.model_id.empty()) return std::unexpected(AccountReplyError::unexpected);
        models.push_back(std::move(model));
    }
    return models;
}

std::optional<unsigned> concurrent_requests_of(std::string_view tier, bool turbo) {
    const auto found = std::ranges::find(plans, tier, &Plan::tier);
    if (found == plans.end()) return std::nullopt;
    return turbo ? found->turbo : found->standard;
}

bool is_turbo(std::string_view model_id, const ModelEntry* entry) {
    if (entry != nullptr && !entry->concurrency_group.empty()) return entry->concurrency_group == "turbo";
    return model_id.contains("flash") || model_id.contains("turbo");
}

bool is_library_voice(const VoiceEntry& voice) {
    return voice.category == "professional" || voice.category == "high_quality" || voice.category == "famous";
}

}  // namespace elevenlabs
