#pragma once
// Requests to ElevenLabs text-to-speech and its replies, as values. Source: elevenlabs.io/docs, the official JavaScript
// SDK's schemas, and recordings of live traffic.

#include "audio/voice_settings.hpp"
#include "redacted.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elevenlabs {

struct SpeechRequest {
    Secret text;
    std::string voice_id;
    std::string model_id = "eleven_flash_v2_5";
    std::string language_code;  // empty: not sent
    audio::VoiceSettings settings;
    Secret previous_text, next_text;  // empty: not sent
};

// Path and query of POST /v1/text-to-speech/{voice_id}/stream, mu-law 8 kHz.
std::string stream_target(const SpeechRequest& request);
std::string stream_body(const SpeechRequest& request);

// Who is to blame, and so what to do. By the error's code, not by the HTTP status alone (the two disagree in live
// traffic).
enum class Blame {
    key,       // wrong key, missing permission: final, tell the operator
    voice,     // unknown or forbidden voice: another voice may do
    account,   // quota, plan, payment, unusual activity: final
    request,   // our request is wrong (model, text, settings): final for this text
    busy,      // 429 of any kind: retry once soon
    upstream,  // 5xx, transport, a body that is not audio: retry once soon
};

struct ErrorReply {
    Blame blame = Blame::upstream;
    std::string code;     // "voice_not_found"; "http_502" when the body had none
    std::string message;  // of the reply, at most 200 characters
    std::string request_id;
};

constexpr bool is_transient(Blame blame) {
    return blame == Blame::busy || blame == Blame::upstream;
}

// `detail` may be an object (new or old shape), an array (422) or a string; anything else is classed by the status.
ErrorReply read_error(int http_status, std::string_view body);

// True when the content type says raw mu-law audio. The live server says audio/ulaw; also accepted: audio/basic,
// audio/x-mulaw, audio/mulaw, audio/PCMU, application/octet-stream.
bool is_mulaw_content_type(std::string_view content_type);

}  // namespace elevenlabs
