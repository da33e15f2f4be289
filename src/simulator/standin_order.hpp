#pragma once
// A text-to-speech request as the stand-in understands it, and the refusals the real service would give.

#include "http/message.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace simulator {

struct SpeechOrder {
    std::string voice_id, text, model_id;
    std::string output_format;  // ulaw_8000 or pcm_8000
    double speed = 1.0;
    bool streaming = false, with_timestamps = false;
};

inline constexpr std::string_view speech_path = "/v1/text-to-speech/";

// `request` is a POST below speech_path; the key has been checked.
std::expected<SpeechOrder, http::Response> read_speech_order(const http::Request& request);

// The query's output_format: one the stand-in can make, or the refusal.
std::expected<std::string, http::Response> read_output_format(std::string_view query);

std::string_view content_type_of(std::string_view output_format);

}  // namespace simulator
