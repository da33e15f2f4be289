#pragma once
// What Twilio posts about a call, believed only when it is signed.

#include "encoding/form.hpp"
#include "gateway/request_trust.hpp"
#include "http/message.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace gateway {

class LoopServices;

struct SignedForm {
    encoding::FormFields fields;
    std::string call_sid, account_sid;

    std::string_view field(std::string_view name) const { return encoding::find(fields, name).value_or(""); }
};

// Of a webhook's query what the operator put there.
encoding::FormFields own_query(const encoding::FormFields& query);

// The error is the answer to give; the refusal has been logged and counted.
std::expected<SignedForm, http::Response> read_signed_form(LoopServices& loop, const RequestTrust& trust,
                                                           const http::Request& request, const RequestOrigin& origin);

}  // namespace gateway
