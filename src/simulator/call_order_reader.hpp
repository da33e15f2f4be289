#pragma once
// The form that orders a call, held to Twilio's rules. Source: twilio.com/docs/voice/api/call-resource; the codes are
// those of docs/api/errors.

#include "encoding/form.hpp"
#include "simulator/notice.hpp"
#include "simulator/ordered_call.hpp"

#include <expected>

namespace simulator {

// The notice's code and text are Twilio's. A parameter Twilio does not have is refused as well: it would pass it over
// in silence, and nobody would learn of the misspelling.
std::expected<CallOrder, Notice> read_call_order(const encoding::FormFields& form);

}  // namespace simulator
