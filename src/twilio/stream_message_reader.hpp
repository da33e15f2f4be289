#pragma once
// The complete reader of stream_message: any JSON, any key order. Internal to twilio/; everybody else uses
// StreamMessageParser.

#include "twilio/stream_message.hpp"

#include <simdjson.h>

#include <expected>
#include <string_view>
#include <vector>

namespace twilio {

// simdjson's DOM, not its on-demand front end: the latter does not look into values it passes over, and a message has
// to be valid as a whole before any of it counts.
class StreamMessageReader {
public:
    // Views of a Media are valid until the next call.
    std::expected<InboundMessage, ParseError> read(std::string_view text);

private:
    simdjson::dom::parser parser_;
    std::vector<char> padded_text_;  // simdjson reads past the end of its input
};

}  // namespace twilio
