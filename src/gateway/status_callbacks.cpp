#include "gateway/status_callbacks.hpp"

#include "gateway/loop_services.hpp"
#include "gateway/signed_form.hpp"
#include "twilio/call_status.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <string>

namespace gateway {

namespace {

constexpr std::size_t words_bytes_max = 200;  // of Twilio's text that is kept

http::Response no_content() {
    return {.status = 204, .content_type = {}, .body = {}, .headers = {}};
}

std::optional<int> signed_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

http::Response StatusCallbacks::call_status(const http::Request& request, const RequestOrigin& origin) {
    const auto form = read_signed_form(loop_, trust_, request, origin);
    if (!form) return form.error();
    CallRegister& calls = loop_.switchboard.calls;
    const auto now = loop_.events.now();
    if (const auto answered_by = form->field("AnsweredBy"); !answered_by.empty()) {
        calls.answered_by(form->call_sid, std::string(answered_by.substr(0, words_bytes_max)));
        spdlog::info("callee told apart call_sid={} answered_by={:?}", form->call_sid,
                     answered_by.substr(0, words_bytes_max));
    }
    const auto status = twilio::call_status(form->field("CallStatus"));
    if (!status) return no_content();  // the verdict on who answered alone, or a status of the future
    const auto told = calls.status(form->call_sid, *status, signed_number(form->field("SequenceNumber")), now);
    if (told == CallRegister::Told::news) {
        spdlog::info("call status call_sid={} at_twilio={}", form->call_sid, name_of(*status));
        loop_.switchboard.events.status(form->call_sid, *status);
        if (twilio::is_final(*status)) loop_.shared_speech.forget_rest(form->call_sid);
    } else {
        const bool repeated = told == CallRegister::Told::repeated;
        spdlog::debug("call status passed over call_sid={} at_twilio={} reason={}", form->call_sid, name_of(*status),
                      repeated ? "repeated" : "outdated");
    }
    return no_content();
}

http::Response StatusCallbacks::stream_status(const http::Request& request, const RequestOrigin& origin) {
    const auto form = read_signed_form(loop_, trust_, request, origin);
    if (!form) return form.error();
    const auto event = form->field("StreamEvent");
    const auto fault = form->field("StreamError").substr(0, words_bytes_max);
    if (event == "stream-error") {
        const bool news = loop_.switchboard.calls.stream_error(form->call_sid, std::string(fault));
        if (news) spdlog::warn("stream error at Twilio call_sid={} reason={:?}", form->call_sid, fault);
    }
    return no_content();
}

}  // namespace gateway
