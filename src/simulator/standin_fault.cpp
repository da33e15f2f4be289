#include "simulator/standin_fault.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace simulator {

namespace {

using H = HttpEffect;
using S = SocketEffect;

// The current envelope: {"detail":{type, code, message, status, request_id}}. `status` is older than `code`; often the
// same.
#define DETAIL(type, code, status, message)                                                                \
    R"({"detail":{"type":")" type R"(","code":")" code R"(","message":")" message R"(","status":")" status \
    R"(","request_id":"req_standin"}})"
// The older one.
#define OLD_DETAIL(status, message) R"({"detail":{"status":")" status R"(","message":")" message R"("}})"

constexpr std::string_view none, json = "application/json", ulaw = "audio/ulaw";

constexpr std::array faults{
    // name, HTTP: effect, status, content type, body; WebSocket: effect, close code, error
    Fault{"unknown_voice", H::refuse, 404, json,
          DETAIL("not_found", "voice_not_found", "voice_not_found", "A voice with the requested id was not found."),
          S::refuse, 1008, "voice_id_does_not_exist"},
    Fault{"bad_key_400", H::refuse, 400, json,
          DETAIL("authentication_error", "invalid_api_key", "invalid_api_key", "API key is invalid."), S::refuse, 1008,
          "invalid_api_key"},
    Fault{"bad_key_401", H::refuse, 401, json,
          DETAIL("authentication_error", "unauthorized", "invalid_api_key", "Invalid API key"), S::refuse, 1008,
          "authentication_required"},
    Fault{"missing_permissions", H::refuse, 401, json,
          DETAIL("authentication_error", "missing_permissions", "missing_permissions",
                 "The API key is missing the permission text_to_speech."),
          S::refuse, 1008, "missing_permissions"},
    Fault{"unusual_activity", H::refuse, 401, json,
          OLD_DETAIL("detected_unusual_activity", "Unusual activity detected. Free tier usage disabled."), S::refuse,
          1008, "detected_unusual_activity"},
    Fault{"quota_401", H::refuse, 401, json,
          OLD_DETAIL("quota_exceeded",
                     "This request exceeds your quota of 10000. You have 3 credits remaining, while 44 credits are "
                     "required for this request."),
          S::refuse, 1008, "quota_exceeded"},
    Fault{"insufficient_402", H::refuse, 402, json,
          DETAIL("payment_required", "insufficient_credits", "insufficient_credits", "Not enough credits."),
          S::final_only, 1000, none},
    Fault{"payment_402", H::refuse, 402, json,
          DETAIL("payment_required", "paid_plan_required", "payment_required",
                 "Free users cannot use library voices via the API."),
          S::refuse, 1008, "payment_required"},
    Fault{"format_403", H::refuse, 403, json,
          DETAIL("authorization_error", "subscription_required", "output_format_not_allowed",
                 "This output format needs a higher plan."),
          S::refuse_upgrade, 0, none},
    Fault{"voice_403", H::refuse, 403, json,
          DETAIL("authorization_error", "voice_access_denied", "voice_access_denied",
                 "You do not have access to this voice."),
          S::refuse, 1008, "voice_access_denied"},
    Fault{"model_400", H::refuse, 400, json,
          DETAIL("validation_error", "unsupported_model", "unsupported_model",
                 "The model does not support this operation."),
          S::refuse_upgrade, 0, none},
    Fault{"schema_422", H::refuse, 422, json,
          R"({"detail":[{"type":"missing","loc":["body","text"],"msg":"Field required","input":{}}]})", S::refuse, 1008,
          "invalid_message"},
    Fault{"429_old", H::refuse, 429, json,
          OLD_DETAIL("too_many_concurrent_requests",
                     "Too many concurrent requests. Your current subscription is associated with a maximum of 5 "
                     "concurrent requests (running in parallel)."),
          S::refuse, 1008, "too_many_concurrent_requests"},
    Fault{"429_new", H::refuse, 429, json,
          DETAIL("rate_limit_error", "concurrent_limit_exceeded", "concurrent_limit_exceeded",
                 "The plan's limit of requests at once is exceeded."),
          S::refuse, 1008, "concurrent_limit_exceeded"},
    Fault{"429_busy", H::refuse, 429, json,
          DETAIL("rate_limit_error", "system_busy", "system_busy", "The service is under heavy load."), S::refuse, 1008,
          "system_busy"},
    Fault{"500", H::refuse, 500, json,
          DETAIL("internal_error", "internal_error", "internal_error", "Something went wrong."), S::close, 1011, none},
    Fault{"503", H::refuse, 503, json,
          DETAIL("service_unavailable", "service_unavailable", "service_unavailable", "Please try again later."),
          S::close, 1012, none},
    Fault{"502_html", H::refuse, 502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>",
          S::refuse_upgrade, 0, none},
    Fault{"hang_before_headers", H::hang_silent, 0, none, none, S::stall, 0, none},
    Fault{"hang_after_headers", H::hang_after_head, 0, none, none, S::stall, 0, none},
    Fault{"stall_mid_body", H::stall, 0, none, none, S::stall, 0, none},
    Fault{"slow_drip", H::drip, 0, none, none, S::drip, 0, none},
    Fault{"slow_first_byte", H::slow_start, 0, none, none, S::slow_start, 0, none},
    Fault{"truncate_body", H::cut, 0, none, none, S::drop, 0, none},
    Fault{"reset", H::reset, 0, none, none, S::drop, 0, none},
    Fault{"json_as_audio", H::other_body, 200, ulaw, OLD_DETAIL("quota_exceeded", "This request exceeds your quota."),
          S::other_text, 0, none},
    Fault{"wrong_content_type", H::other_body, 200, "text/html",
          "<html><body>Please log in to this network.</body></html>", S::other_text, 0, none},
    Fault{"zero_audio", H::no_audio, 0, none, none, S::final_only, 0, none},
    Fault{"one_byte_chunks", H::tiny_chunks, 0, none, none, S::tiny_frames, 0, none},
    Fault{"odd_sizes", H::odd_chunks, 0, none, none, S::tiny_frames, 0, none},
    Fault{"huge_first_chunk", H::one_chunk, 0, none, none, S::one_frame, 0, none},
    Fault{"policy_1008", H::reset, 0, none, none, S::close, 1008, none},
    Fault{"error_1011", H::reset, 0, none, none, S::close, 1011, none},
    Fault{"restart_1012", H::reset, 0, none, none, S::close, 1012, none},
    Fault{"input_timeout", H::reset, 0, none, none, S::refuse, 1008, "input_timeout_exceeded"},
};

#undef DETAIL
#undef OLD_DETAIL

std::optional<std::size_t> read_count(std::string_view digits) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return count;
}

std::optional<std::size_t> count_of(const boost::json::value& value) {
    if (!value.is_int64() || value.get_int64() < 0) return std::nullopt;
    return static_cast<std::size_t>(value.get_int64());
}

}  // namespace

std::span<const Fault> all_faults() {
    return faults;
}

const Fault* find_fault(std::string_view name) {
    const auto found = std::ranges::find(faults, name, &Fault::name);
    return found == faults.end() ? nullptr : &*found;
}

ArmedFault FaultSwitches::take(std::vector<ArmedFault>::iterator armed) {
    ArmedFault taken = *armed;
    if (armed->times && --*armed->times == 0) armed_.erase(armed);
    return taken;
}

std::optional<ArmedFault> FaultSwitches::take(std::string_view text) {
    const auto armed =
        std::ranges::find_if(armed_, [&](const ArmedFault& fault) { return text.contains(fault.match_text); });
    if (armed == armed_.end()) return std::nullopt;
    return take(armed);
}

std::optional<ArmedFault> FaultSwitches::take_for_upgrade() {
    const auto armed = std::ranges::find_if(armed_, [](const ArmedFault& fault) {
        return fault.match_text.empty() && fault.fault->socket == SocketEffect::refuse_upgrade;
    });
    if (armed == armed_.end()) return std::nullopt;
    return take(armed);
}

std::expected<ArmedFault, std::string> read_armed_fault(std::string_view text) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) return std::unexpected("not a JSON object");
    ArmedFault armed;
    for (const auto& [key, value] : parsed.get_object()) {
        if (key == "fault" && value.is_string()) {
            armed.fault = find_fault(value.get_string());
        } else if (key == "match_text" && value.is_string()) {
            armed.match_text = value.get_string();
        } else if (key == "after_bytes" && count_of(value)) {
            armed.after_bytes = *count_of(value);
        } else if (key == "times" && count_of(value).value_or(0) > 0) {
            armed.times.emplace(*count_of(value));
        } else if (!(key == "times" && value == "forever")) {
            return std::unexpected(fmt::format("unknown or bad field \"{}\"", std::string_view(key)));
        }
    }
    if (armed.fault == nullptr) return std::unexpected("no known \"fault\"; GET /standin/faults lists them");
    return armed;
}

std::expected<ArmedFault, std::string> read_fault_option(std::string_view text) {
    const auto first = std::min(text.find(':'), text.size());
    ArmedFault armed;
    armed.fault = find_fault(text.substr(0, first));
    if (armed.fault == nullptr) return std::unexpected(fmt::format("no fault is called '{}'", text.substr(0, first)));
    if (first == text.size()) return armed;
    text.remove_prefix(first + 1);
    const auto second = std::min(text.find(':'), text.size());
    const auto after = read_count(text.substr(0, second));
    if (!after) return std::unexpected("after the fault's name: a number of bytes");
    armed.after_bytes = *after;
    if (second == text.size()) return armed;
    armed.times = read_count(text.substr(second + 1));
    if (armed.times.value_or(0) == 0) return std::unexpected("after the bytes: how many times, 1 or more");
    return armed;
}

}  // namespace simulator
