#pragma once
// Twilio's REST API as far as placing a call needs it. Source: twilio.com/docs/voice/api/call-resource, and the
// parameters of the official Node library.
//
//   POST /2010-04-01/Accounts/AC…/Calls.json      Basic AccountSid:AuthToken, form
//     To=%2B14155550199&From=%2B14155550100&Url=https%3A%2F%2F…&StatusCallback=…&StatusCallbackEvent=initiated&…
//   201 {"sid":"CA…","status":"queued","to":"+1415…",…}
//   400 {"code":21211,"message":"Invalid 'To' Phone Number: …","more_info":"https://…","status":400}

#include "encoding/form.hpp"
#include "redacted.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace twilio {

enum class MachineDetection {
    off,
    enable,              // is it a person? told as soon as it is known
    detect_message_end,  // and of a machine, when its greeting is over
};

struct CallRequest {
    Secret to{}, from{};  // E.164
    std::string url{};    // asked for TwiML, by POST, when the call is answered
    std::string status_callback{};
    std::chrono::seconds ring_time{60};  // 600 at most
    std::optional<std::chrono::seconds> length_max{};
    // Asynchronous: the call goes on meanwhile, and the verdict is posted to the status callback.
    MachineDetection machine_detection = MachineDetection::off;
};

std::string calls_path(std::string_view account_sid);
std::string basic_credentials(std::string_view account_sid, const Secret& auth_token);  // of the Authorization header
encoding::FormFields call_form(const CallRequest& request);

struct PlacedCall {
    std::string sid, status;
};
enum class RestReplyError { not_json, unexpected };
std::expected<PlacedCall, RestReplyError> read_placed_call(std::string_view body);

struct RestError {
    int code = 0;           // Twilio's, such as 21211; 0 when the body has none
    std::string message{};  // Twilio's words; they may contain the number
};
RestError read_rest_error(std::string_view body);

}  // namespace twilio
