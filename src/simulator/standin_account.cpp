#include "simulator/standin_account.hpp"

#include "encoding/form.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace simulator {

namespace {

constexpr std::array voices{
    StandinVoice{"21m00Tcm4TlvDq8ikWAM", "Rachel", "female", "calm", 1.0, 1.0},
    StandinVoice{"EXAVITQu4vr4xnSDxMaL", "Sarah", "female", "soft", 1.1, 0.8},
    StandinVoice{"JBFqnCBsd6RMkjVDRZzb", "George", "male", "warm", 0.9, 1.0},
    StandinVoice{"pNInz6obpgDQGcFmaJgB", "Adam", "male", "deep", 0.95, 0.7},
    StandinVoice{"ErXwobaYiN019PkySvjV", "Antoni", "male", "well-rounded", 1.05, 0.9},
    StandinVoice{"TxGEqnHWrfWFTfGW9XjX", "Josh", "male", "young", 1.15, 1.0},
    StandinVoice{"AZnzlk1XvdvUeBnXmlld", "Domi", "female", "strong", 1.2, 0.9},
    StandinVoice{"MF3mGyEYCl7XYWbV9V6O", "Elli", "female", "emotional", 1.08, 0.6},
    StandinVoice{"onwK4e9ZLuTAKqWW03F9", "Daniel", "male", "authoritative", 0.88, 0.9},
    StandinVoice{"XB0fDUnXU5powFXDhCwa", "Charlotte", "female", "seductive", 0.92, 0.8},
    StandinVoice{"nPczCjzI2devNBz1zQrb", "Brian", "male", "deep", 0.85, 0.8},
    StandinVoice{"pFZP5JQG7iQjIQuC4Bku", "Lily", "female", "warm", 1.02, 0.7},
};

constexpr std::array models{
    StandinModel{"eleven_flash_v2_5", "Eleven Flash v2.5", true, true, true, 40'000, 0.5},
    StandinModel{"eleven_turbo_v2_5", "Eleven Turbo v2.5", true, true, true, 40'000, 0.5},
    StandinModel{"eleven_flash_v2", "Eleven Flash v2", true, true, true, 30'000, 0.5},
    StandinModel{"eleven_turbo_v2", "Eleven Turbo v2", true, true, true, 30'000, 0.5},
    StandinModel{"eleven_multilingual_v2", "Eleven Multilingual v2", true, true, true, 10'000, 1.0},
    StandinModel{"eleven_v3", "Eleven v3", true, false, false, 5'000, 1.0},
    StandinModel{"eleven_english_sts_v2", "Eleven English v2", false, false, false, 5'000, 1.0},
};

// A well-formed key that is wrong gets another answer than something that is no key at all.
bool well_formed_key(std::string_view key) {
    return key.starts_with("sk_") && key.size() >= 20;
}

boost::json::object describe(const StandinVoice& voice) {
    return {
        {"voice_id", voice.id},
        {"name", voice.name},
        {"category", "premade"},
        {"labels",
         {{"gender", voice.gender}, {"descriptive", voice.description}, {"language", "en"}, {"accent", "american"}}},
        {"description", nullptr},
        {"preview_url", nullptr},
        {"available_for_tiers", boost::json::array{}},
        {"settings", nullptr},
        {"high_quality_base_model_ids", {"eleven_flash_v2_5", "eleven_multilingual_v2"}},
        {"verified_languages", boost::json::array{}},
        {"is_owner", false},
        {"is_legacy", false}};
}

boost::json::object describe(const StandinModel& model) {
    return {{"model_id", model.id},
            {"name", model.name},
            {"description", model.name},
            {"can_do_text_to_speech", model.speaks},
            {"can_do_voice_conversion", !model.speaks},
            {"can_use_style", true},
            {"can_use_speaker_boost", true},
            {"serves_pro_voices", false},
            {"token_cost_factor", model.cost_per_character},
            {"requires_alpha_access", false},
            {"max_characters_request_free_user", 2'500},
            {"max_characters_request_subscribed_user", model.characters_max},
            {"maximum_text_length_per_request", model.characters_max},
            {"languages", boost::json::array{{{"language_id", "en"}, {"name", "English"}}}},
            {"model_rates", {{"character_cost_multiplier", model.cost_per_character}}},
            {"concurrency_group", model.cost_per_character < 1.0 ? "turbo" : "standard"}};
}

boost::json::object describe_subscription(const StandinAccount& account) {
    return {{"tier", "creator"},
            {"character_count", account.characters_used},
            {"character_limit", account.characters_max},
            {"max_credit_limit_extension", 0},
            {"next_character_count_reset_unix", 1'900'000'000},
            {"can_extend_character_limit", false},
            {"allowed_to_extend_character_limit", false},
            {"voice_limit", 30},
            {"voice_slots_used", 0},
            {"voice_add_edit_counter", 0},
            {"professional_voice_limit", 1},
            {"professional_voice_slots_used", 0},
            {"professional_voice_slots_used_in_workspace", 0},
            {"can_extend_voice_limit", false},
            {"can_use_instant_voice_cloning", true},
            {"can_use_professional_voice_cloning", true},
            {"status", "active"},
            {"billing_period", "monthly_period"},
            {"currency", "usd"},
            {"current_overage", {{"amount", "0"}, {"currency", "usd"}}},
            {"open_invoices", boost::json::array{}},
            {"has_open_invoices", false}};
}

http::Response all_voices() {
    boost::json::array list;
    for (const StandinVoice& voice : voices) list.push_back(describe(voice));
    return http::json(boost::json::serialize(boost::json::object{{"voices", std::move(list)}}));
}

std::size_t number_in(const encoding::FormFields& query, std::string_view name, std::size_t otherwise) {
    const auto text = encoding::find(query, name);
    if (!text) return otherwise;
    std::size_t number = otherwise;
    std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

// Pages of /v2/voices. The token is the place of the next page's first voice.
http::Response page_of_voices(std::string_view query_text) {
    const auto query = encoding::parse_form(query_text).value_or(encoding::FormFields{});
    const std::size_t size = number_in(query, "page_size", 10);
    if (size < 1 || size > 100) {
        http::Response response = http::json(
            R"({"detail":[{"type":"less_than_equal","loc":["query","page_size"],"msg":"Input should be between 1 and 100"}]})");
        response.status = 422;
        return response;
    }
    const std::size_t begin = std::min(number_in(query, "next_page_token", 0), voices.size());
    const std::size_t end = std::min(begin + size, voices.size());
    boost::json::array list;
    for (std::size_t i = begin; i < end; ++i) list.push_back(describe(voices[i]));
    const bool more = end < voices.size();
    return http::json(boost::json::serialize(boost::json::object{
        {"voices", std::move(list)},
        {"has_more", more},
        {"total_count", voices.size()},
        {"next_page_token", more ? boost::json::value(std::to_string(end)) : boost::json::value(nullptr)}}));
}

http::Response one_voice(std::string_view id) {
    if (id.ends_with("/settings")) {
        if (id != "settings/default" && !find_voice(id.substr(0, id.find('/'))))
            return one_voice(id.substr(0, id.find('/')));
        return http::json(
            R"({"stability":0.5,"similarity_boost":0.75,"style":0.0,"use_speaker_boost":true,"speed":1.0})");
    }
    if (const StandinVoice* voice = find_voice(id)) return http::json(boost::json::serialize(describe(*voice)));
    return refuse({404, "not_found", "voice_not_found", "voice_not_found",
                   fmt::format("A voice with voice_id {} was not found.", id)});
}

http::Response all_models() {
    boost::json::array list;
    for (const StandinModel& model : models) list.push_back(describe(model));
    return http::json(boost::json::serialize(list));
}

http::Response missing_scope(std::string_view scope) {
    return refuse({401, "authentication_error", "missing_permissions", "missing_permissions",
                   fmt::format("The API key you used is missing the permission {} to execute this operation.", scope)});
}

}  // namespace

std::span<const StandinVoice> standin_voices() {
    return voices;
}
std::span<const StandinModel> standin_models() {
    return models;
}

const StandinVoice* find_voice(std::string_view id) {
    const auto found = std::ranges::find(voices, id, &StandinVoice::id);
    return found == voices.end() ? nullptr : &*found;
}

const StandinModel* find_model(std::string_view id) {
    const auto found = std::ranges::find(models, id, &StandinModel::id);
    return found == models.end() ? nullptr : &*found;
}

http::Response refuse(const Refusal& refusal) {
    boost::json::object detail{{"type", refusal.type},
                               {"code", refusal.code},
                               {"message", refusal.message},
                               {"status", refusal.legacy_status},
                               {"request_id", "req_standin"}};
    if (!refusal.param.empty()) detail["param"] = refusal.param;
    http::Response response = http::json(boost::json::serialize(boost::json::object{{"detail", std::move(detail)}}));
    response.status = refusal.status;
    response.headers = {{"x-region", "us-central1"}, {"x-trace-id", "standin"}};
    return response;
}

std::expected<void, http::Response> check_key(const StandinAccount& account, const http::Request& request) {
    const std::string_view key = request.header("xi-api-key");
    if (key.empty()) {
        return std::unexpected(refuse({401, "authentication_error", "missing_api_key", "needs_authorization",
                                       "Neither authorization header nor xi-api-key received, please provide one."}));
    }
    if (account.key.empty() || key == account.key) return {};
    if (well_formed_key(key)) {
        return std::unexpected(refuse(
            {400, "authentication_error", "invalid_api_key", "invalid_api_key", "API key is invalid.", "api_key"}));
    }
    return std::unexpected(refuse({401, "authentication_error", "unauthorized", "invalid_api_key", "Invalid API key"}));
}

http::Response read_account(const StandinAccount& account, const http::Request& request) {
    const std::string_view path = request.path();
    const bool reads_user = path == "/v1/user" || path == "/v1/user/subscription";
    if (!account.may_read_voices && path != "/v1/models")
        return missing_scope(reads_user ? "user_read" : "voices_read");
    if (path == "/v1/voices") return all_voices();
    if (path == "/v2/voices") return page_of_voices(request.query());
    if (path.starts_with("/v1/voices/")) return one_voice(path.substr(std::string_view("/v1/voices/").size()));
    if (path == "/v1/models") return all_models();
    if (path == "/v1/user/subscription") return http::json(boost::json::serialize(describe_subscription(account)));
    if (path == "/v1/user") {
        return http::json(
            boost::json::serialize(boost::json::object{{"user_id", "standin"},
                                                       {"workspace_id", "standin"},
                                                       {"created_at", 1'700'000'000},
                                                       {"seat_type", "workspace_admin"},
                                                       {"is_new_user", false},
                                                       {"can_use_delayed_payment_methods", false},
                                                       {"is_onboarding_completed", true},
                                                       {"is_onboarding_checklist_completed", true},
                                                       {"xi_api_key", nullptr},
                                                       {"subscription", describe_subscription(account)}}));
    }
    return http::error(404, "Not Found");
}

}  // namespace simulator
