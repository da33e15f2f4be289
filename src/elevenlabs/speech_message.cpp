#include "elevenlabs/speech_message.hpp"

#include "elevenlabs/plain_text.hpp"
#include "elevenlabs/request_fields.hpp"
#include "encoding/form.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace elevenlabs {

namespace json = boost::json;

namespace {

// Far above every error body seen (about 400 bytes); what is longer is a web page of some proxy and is classed by its
// status.
constexpr std::size_t error_body_max = 64 * 1024;
constexpr std::size_t message_bytes_max = 200;
constexpr std::size_t code_bytes_max = 64;

struct Known {
    std::string_view code;
    Blame blame;
};

// Names of the current error registry and of the older API, side by side: both are met in live traffic.
constexpr std::array known_codes = std::to_array<Known>({
    {"authentication_required", Blame::key},
    {"insufficient_permissions", Blame::key},
    {"invalid_api_key", Blame::key},
    {"invalid_authorization_header", Blame::key},
    {"missing_api_key", Blame::key},
    {"missing_permissions", Blame::key},
    {"unauthorized", Blame::key},
    {"invalid_voice_id", Blame::voice},
    {"paid_plan_required", Blame::voice},  // library voices on a free plan: a premade voice may still do
    {"voice_access_denied", Blame::voice},
    {"voice_does_not_exist", Blame::voice},
    {"voice_id_does_not_exist", Blame::voice},
    {"voice_not_found", Blame::voice},
    {"detected_unusual_activity", Blame::account},
    {"feature_not_available", Blame::account},
    {"insufficient_credits", Blame::account},
    {"only_for_creator+", Blame::account},
    {"output_format_not_allowed", Blame::account},
    {"payment_required", Blame::account},
    {"quota_exceeded", Blame::account},
    {"subscription_required", Blame::account},
    {"empty_text", Blame::request},
    {"invalid_content_type", Blame::request},
    {"invalid_output_format", Blame::request},
    {"invalid_parameters", Blame::request},
    {"invalid_text", Blame::request},
    {"invalid_voice_settings", Blame::request},
    {"malformed_json", Blame::request},
    {"max_character_limit_exceeded", Blame::request},
    {"missing_required_field", Blame::request},
    {"model_access_denied", Blame::request},
    {"model_not_found", Blame::request},
    {"request_too_large", Blame::request},
    {"text_too_long", Blame::request},
    {"unsupported_model", Blame::request},
    {"concurrent_limit_exceeded", Blame::busy},
    {"max_active_conversations", Blame::busy},  // too many contexts on one WebSocket
    {"rate_limit_exceeded", Blame::busy},
    {"system_busy", Blame::busy},
    {"too_many_concurrent_requests", Blame::busy},
    {"internal_error", Blame::upstream},
    {"maintenance", Blame::upstream},
    {"service_unavailable", Blame::upstream},
});

// The coarser `type`, for codes that are newer than this table.
constexpr std::array known_types = std::to_array<Known>({
    {"authentication_error", Blame::key},
    {"authorization_error", Blame::account},
    {"payment_required", Blame::account},
    {"invalid_request", Blame::request},
    {"validation_error", Blame::request},
    {"rate_limit_error", Blame::busy},
    {"internal_error", Blame::upstream},
    {"service_unavailable", Blame::upstream},
});

template <std::size_t n>
std::optional<Blame> look_up(const std::array<Known, n>& table, std::string_view code) {
    const auto found = std::ranges::find(table, code, &Known::code);
    return found == table.end() ? std::nullopt : std::optional(found->blame);
}

Blame blame_of_status(int status) {
    switch (status) {
        case 401:
            return Blame::key;
        case 402:
        case 403:
            return Blame::account;
        case 404:
            return Blame::voice;  // the voice is the only thing the path names
        case 408:
            return Blame::upstream;
        case 429:
            return Blame::busy;
        default:
            return status >= 400 && status < 500 ? Blame::request : Blame::upstream;
    }
}

std::string_view text_at(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// A code is used as a metrics label, so it must look like one.
std::string_view code_at(const json::object& object, std::string_view name) {
    const std::string_view code = text_at(object, name);
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '+' || c == '.';
    };
    return code.size() <= code_bytes_max && std::ranges::all_of(code, allowed) ? code : std::string_view();
}

std::string_view first_of(std::initializer_list<std::string_view> candidates) {
    const auto found = std::ranges::find_if(candidates, [](std::string_view text) { return !text.empty(); });
    return found == candidates.end() ? std::string_view() : *found;
}

// {"type","code","message","status","request_id"}, any of them absent. `error` is the code's name on the WebSocket.
void read_object(const json::object& detail, ErrorReply& reply, std::optional<Blame>& blame) {
    for (const std::string_view name : {"code", "status", "error"}) {
        if (!blame) blame = look_up(known_codes, code_at(detail, name));
    }
    if (!blame) blame = look_up(known_types, code_at(detail, "type"));
    reply.code = first_of(
        {code_at(detail, "code"), code_at(detail, "status"), code_at(detail, "error"), code_at(detail, "type")});
    reply.message = plain_text(text_at(detail, "message"), message_bytes_max);
    reply.request_id = code_at(detail, "request_id");
}

// A refusal of the request's shape: [{"type":"missing","loc":["body","text"],"msg":"Field required","input":…}].
// `input` may hold the spoken text and is left alone.
void read_list(const json::array& detail, ErrorReply& reply, std::optional<Blame>& blame) {
    const json::object* first = detail.empty() ? nullptr : detail.front().if_object();
    if (first == nullptr) return;
    blame = Blame::request;
    reply.code = code_at(*first, "type");
    std::string where;
    if (const json::value* loc = first->if_contains("loc"); loc != nullptr && loc->is_array()) {
        for (const json::value& step : loc->get_array()) {
            if (step.is_string()) where += std::string(where.empty() ? "" : ".") + step.get_string().c_str();
        }
    }
    if (!where.empty()) where += ": ";
    reply.message = plain_text(where + std::string(text_at(*first, "msg")), message_bytes_max);
}

void read_body(const json::value& body, ErrorReply& reply, std::optional<Blame>& blame) {
    const json::object* root = body.if_object();
    if (root == nullptr) return;
    const json::value* detail = root->if_contains("detail");
    if (detail == nullptr) {
        read_object(*root, reply, blame);
    } else if (detail->is_object()) {
        read_object(detail->get_object(), reply, blame);
    } else if (detail->is_array()) {
        read_list(detail->get_array(), reply, blame);
    } else if (detail->is_string()) {
        blame = look_up(known_codes, detail->get_string());
        if (blame) reply.code = code_at(*root, "detail");
        reply.message = plain_text(detail->get_string(), message_bytes_max);
    }
}

}  // namespace

std::string stream_target(const SpeechRequest& request) {
    return "/v1/text-to-speech/" + encoding::percent_encode(request.voice_id) + "/stream?output_format=ulaw_8000";
}

std::string stream_body(const SpeechRequest& request) {
    const auto text_of = [](const Secret& text) {
        return plain_text(text.reveal(), std::string::npos, Controls::keep);
    };
    json::object body{{"text", text_of(request.text)},
                      {"model_id", request.model_id},
                      {"voice_settings", settings_object(request.settings)}};
    if (!request.language_code.empty() && takes_language(request.model_id))
        body["language_code"] = request.language_code;
    if (takes_neighbours(request.model_id)) {
        if (!request.previous_text.empty()) body["previous_text"] = text_of(request.previous_text);
        if (!request.next_text.empty()) body["next_text"] = text_of(request.next_text);
    }
    return json::serialize(body);
}

ErrorReply read_error(int http_status, std::string_view body) {
    ErrorReply reply;
    std::optional<Blame> blame;
    if (body.size() <= error_body_max) {
        json::error_code error;
        const json::value value = json::parse(body, error);
        if (!error) read_body(value, reply, blame);
    }
    reply.blame = blame.value_or(blame_of_status(http_status));
    if (reply.code.empty()) reply.code = "http_" + std::to_string(http_status);
    return reply;
}

bool is_mulaw_content_type(std::string_view content_type) {
    std::string essence(content_type.substr(0, content_type.find(';')));
    while (!essence.empty() && (essence.back() == ' ' || essence.back() == '\t')) essence.pop_back();
    essence.erase(0, essence.find_first_not_of(" \t"));
    std::ranges::transform(essence, essence.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static constexpr std::array<std::string_view, 6> accepted{"audio/ulaw",  "audio/basic", "audio/x-mulaw",
                                                              "audio/mulaw", "audio/pcmu",  "application/octet-stream"};
    return std::ranges::find(accepted, essence) != accepted.end();
}

}  // namespace elevenlabs
