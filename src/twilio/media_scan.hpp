#pragma once
// The fast path of stream_message: recognises a media message in the compact form Twilio sends, without building
// anything. Internal to twilio/; its promise is that whatever it accepts, read_stream_message() accepts with the same
// result.

#include "twilio/stream_message.hpp"

#include <optional>
#include <string_view>

namespace twilio {

// {"event":"media" first, no white space, only keys of Twilio's, each at most once and in any order, all values strings
// of ASCII without escapes. Nothing for every other text, however valid. The views point into `text`.
std::optional<Media> scan_media(std::string_view text);

}  // namespace twilio
