#include "twilio/call_request.hpp"

#include "encoding/base64.hpp"

#include <simdjson.h>

#include <span>

namespace twilio {

namespace {

std::string text_of(const simdjson::dom::object& object, const char* name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

std::string calls_path(std::string_view account_sid) {
    std::string path = "/2010-04-01/Accounts/";
    return path.append(encoding::percent_encode(account_sid)).append("/Calls.json");
}

std::string basic_credentials(std::string_view account_sid, const Secret& auth_token) {
    std::string pair(account_sid);
    pair.append(":").append(auth_token.reveal());
    return "Basic " + encoding::to_base64(std::as_bytes(std::span(pair)));
}

encoding::FormFields call_form(const CallRequest& request) {
    encoding::FormFields form{
        {"To", request.to.reveal()},
        {"From", request.from.reveal()},
        {"Url", request.url},
        {"Method", "POST"},
        {"StatusCallback", request.status_callback},
        {"StatusCallbackMethod", "POST"},
        {"Timeout", std::to_string(request.ring_time.count())},
    };
    for (const char* event : {"initiated", "ringing", "answered", "completed"}) {
        form.emplace_back("StatusCallbackEvent", event);
    }
    if (request.length_max) form.emplace_back("TimeLimit", std::to_string(request.length_max->count()));
    if (request.machine_detection == MachineDetection::off) return form;
    const bool message_end = request.machine_detection == MachineDetection::detect_message_end;
    form.emplace_back("MachineDetection", message_end ? "DetectMessageEnd" : "Enable");
    form.emplace_back("AsyncAmd", "true");
    form.emplace_back("AsyncAmdStatusCallback", request.status_callback);
    form.emplace_back("AsyncAmdStatusCallbackMethod", "POST");
    return form;
}

std::expected<PlacedCall, RestReplyError> read_placed_call(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
        return std::unexpected(RestReplyError::not_json);
    }
    PlacedCall call{.sid = text_of(object, "sid"), .status = text_of(object, "status")};
    if (call.sid.empty()) return std::unexpected(RestReplyError::unexpected);
    return call;
}

RestError read_rest_error(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) return {};
    std::int64_t code = 0;
    if (object["code"].get(code) != simdjson::SUCCESS) code = 0;
    return {.code = static_cast<int>(code), .message = text_of(object, "message")};
}

}  // namespace twilio
