#include "simulator/standin_fault.hpp"

#include <array>

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
          DETAIL("internal_error", "internal_error", "internal_error", "Something went wrong."), S::refuse, 1011,
          "internal_error"},
    Fault{"503", H::refuse, 503, json,
          DETAIL("service_unavailable", "service_unavailable", "service_unavailable", "Please try again later."),
          S::refuse_upgrade, 0, none},
    Fault{"502_html", H::refuse, 502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>",
          S::refuse_upgrade, 0, none},
    Fault{"hang_before_headers", H::hang_silent, 0, none, none, S::hang_upgrade, 0, none},
    Fault{"hang_after_headers", H::hang_after_head, 0, none, none, S::deaf, 0, none},
    Fault{"stall_mid_body", H::stall, 0, none, none, S::stall, 0, none},
    Fault{"slow_drip", H::drip, 0, none, none, S::drip, 0, none},
    Fault{"slow_first_byte", H::slow_start, 0, none, none, S::slow_start, 0, none},
    Fault{"truncate_body", H::cut, 0, none, none, S::drop, 0, none},
    Fault{"reset", H::reset, 0, none, none, S::reset, 0, none},
    Fault{"json_as_audio", H::other_body, 200, ulaw, OLD_DETAIL("quota_exceeded", "This request exceeds your quota."),
          S::other_text, 0, none},
    Fault{"wrong_content_type", H::other_body, 200, "text/html",
          "<html><body>Please log in to this network.</body></html>", S::other_text, 0, none},
    Fault{"other_encoding", H::other_body, 200, "audio/mpeg", "ID3\x04 no mu-law at all", S::bad_audio, 0, none},
    Fault{"zero_audio", H::no_audio, 0, none, none, S::empty_audio, 0, none},
    Fault{"silence", H::silence, 0, none, none, S::silence, 0, none},
    Fault{"one_byte_chunks", H::tiny_chunks, 0, none, none, S::tiny_frames, 0, none},
    Fault{"odd_sizes", H::odd_chunks, 0, none, none, S::odd_frames, 0, none},
    Fault{"huge_first_chunk", H::one_chunk, 0, none, none, S::one_frame, 0, none},
    Fault{"beyond_bounds", H::huge_head, 0, none, none, S::huge_frame, 0, none},
    Fault{"other_protocol", H::not_http, 0, none, none, S::bad_frame, 0, none},
    // What WebSockets have close codes for, and over HTTP the gateways in between.
    Fault{"policy_1008", H::refuse, 403, "text/plain", "Blocked by policy.", S::close, 1008, none},
    Fault{"error_1011", H::close_unanswered, 0, none, none, S::close, 1011, none},
    Fault{"restart_1012", H::refuse, 503, "text/plain", "upstream connect error", S::close, 1012, none},
    Fault{"input_timeout", H::refuse, 408, "text/plain", "Request Timeout", S::refuse, 1008, "input_timeout_exceeded"},
};

#undef DETAIL
#undef OLD_DETAIL

}  // namespace

std::span<const Fault> all_faults() {
    return faults;
}

}  // namespace simulator
