// Any text as an answer of Twilio's REST API, and any text as the number of a call. A call that is read has a sid, an
// error has a code or none, and a number has nothing in it that a form or a log would have to escape.

#include "twilio/call_request.hpp"
#include "twilio/e164.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto call = twilio::read_placed_call(text)) require(!call->sid.empty());
    const auto error = twilio::read_rest_error(text);
    require(error.message.size() <= size);
    if (twilio::is_e164(text)) require(text.find_first_not_of("+0123456789") == std::string_view::npos && size <= 16);
    return 0;
}
