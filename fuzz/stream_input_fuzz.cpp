// Frames of ElevenLabs' WebSocket, and our messages made from any text.

#include "elevenlabs/stream_input.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_frame(std::string_view text) {
    const auto frame = elevenlabs::read_socket_frame(text);
    boost::json::error_code error;
    const auto value = boost::json::parse(text, error);
    const bool is_object = !error && value.is_object();
    if (!frame) {
        require(is_object == (frame.error() == elevenlabs::FrameError::bad_audio));
        return;
    }
    require(is_object);
    require(frame->context_id.size() <= 64);
    require(frame->audio.size() * 4 <= text.size() * 3);  // base64 only shrinks
    require(frame->speaks_until.count() >= 0 && frame->speaks_until <= std::chrono::hours(2));
    if (!frame->error) return;
    require(frame->audio.empty() && !frame->is_final);
    require(!frame->error->code.empty() && frame->error->code.size() <= 64);
    require(!frame->error->code.starts_with("http_") || text.contains("http_"));
    require(frame->error->message.size() <= 200);
}

void check_messages(std::string_view text) {
    const auto spoken = boost::json::parse(elevenlabs::speak_in_context("1", Secret{std::string(text)})).as_object();
    require(spoken.at("text").as_string().ends_with(' ') && spoken.at("context_id") == "1");
    const std::string part(text.substr(0, 40));
    const auto closing = boost::json::parse(elevenlabs::close_context("1")).as_object();
    require(closing.size() == 2);
    const std::string target = elevenlabs::socket_target({part, part, part});
    require(target.find_first_of(" \r\n#") == std::string::npos);
    require(std::count(target.begin(), target.end(), '/') == 4 && std::count(target.begin(), target.end(), '?') == 1);
    require(target.contains("&output_format=ulaw_8000&auto_mode=true&"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_frame(text);
    check_messages(text);
    return 0;
}
