// ElevenLabs error bodies, and the request body built from any text. The first two bytes choose the HTTP status.

#include "elevenlabs/speech_message.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_one_valid_line(const std::string& text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    // Boost.JSON refuses invalid UTF-8, so a JSON string of it is an independent judge.
    boost::json::error_code error;
    boost::json::parse(boost::json::serialize(boost::json::string(text)), error);
    return !error;
}

void check_error(int status, std::string_view body) {
    const auto reply = elevenlabs::read_error(status, body);
    require(!reply.code.empty() && reply.code.size() <= 64 && is_one_valid_line(reply.code));
    require(reply.message.size() <= 200 && is_one_valid_line(reply.message));
    require(reply.request_id.size() <= 64 && is_one_valid_line(reply.request_id));
    const auto again = elevenlabs::read_error(status, body);
    require(again.blame == reply.blame && again.code == reply.code);
    // A body that says nothing leaves the status in charge.
    if (reply.code.starts_with("http_") && status == 429 && reply.message.empty())
        require(elevenlabs::is_transient(reply.blame));
}

void check_request(std::string_view text) {
    elevenlabs::SpeechRequest request;
    request.text = Secret{std::string(text)};
    request.voice_id = std::string(text.substr(0, 40));
    boost::json::error_code error;
    const auto body = boost::json::parse(stream_body(request), error);
    require(!error && body.as_object().at("text").is_string());
    const std::string target = stream_target(request);
    require(target.find_first_of(" \r\n#") == std::string::npos && target.ends_with("/stream?output_format=ulaw_8000"));
    require(std::count(target.begin(), target.end(), '/') == 4 && std::count(target.begin(), target.end(), '?') == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const int status = 100 + (data[0] * 256 + data[1]) % 500;
    const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
    check_error(status, body);
    check_request(body);
    elevenlabs::is_mulaw_content_type(body);
    return 0;
}
