#pragma once
// What a StreamSession asks its driver to do, in the order to perform it.

#include "call/outcome.hpp"
#include "call/utterance_log.hpp"
#include "speech/speech_source.hpp"
#include "twilio/stream_message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace call {

struct Authorise {  // answer with on_authorised() or on_refused()
    twilio::Started started;
};
struct StartSpeech {
    speech::Request request;
};
struct StopSpeech {};
struct SendMedia {
    std::span<const std::byte> mulaw;  // valid until the session's next call
};
struct SendMark {
    std::string name;
};
struct SendClear {};
struct CloseStream {  // the last action; when the peer has closed already, only the outcome matters
    Outcome outcome;
    std::uint16_t close_code;
};
// News, for whoever watches the call.
struct ReportUtterance {
    UtteranceChange change;
};
struct ReportDigit {
    char digit;
};
using Action = std::variant<Authorise, StartSpeech, StopSpeech, SendMedia, SendMark, SendClear, CloseStream,
                            ReportUtterance, ReportDigit>;

}  // namespace call
