#include "reference/media_call.hpp"

#include "websocket/handshake.hpp"
#include "wire/media_text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sys/epoll.h>
#include <utility>

namespace bench {

namespace {}  // namespace

MediaCall::MediaCall(Loop& loop, Socket accepted, Speech& speech)
    : Stream(loop, std::move(accepted)), speech_(speech) {}

void MediaCall::on_bytes(std::span<char> bytes) {
    if (upgraded_) {
        inbox_.take(bytes, [this](const Frame& frame) { on_frame(frame); });
    } else {
        upgrade(bytes);
    }
}

void MediaCall::upgrade(std::span<char> bytes) {
    constexpr std::string_view name = "\r\nSec-WebSocket-Key: ";
    request_.append(bytes.data(), bytes.size());
    const std::size_t end = request_.find("\r\n\r\n"), at = request_.find(name);
    if (end == std::string::npos) return;
    if (at == std::string::npos) {
        drop();
        return;
    }
    const std::string_view key = std::string_view(request_).substr(at + name.size());
    send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         websocket::accept_for(key.substr(0, key.find('\r'))) + "\r\n\r\n");
    upgraded_ = true;
    std::string behind = std::exchange(request_, {}).substr(end + 4);
    inbox_.take(behind, [this](const Frame& frame) { on_frame(frame); });
}

void MediaCall::on_frame(const Frame& frame) {
    if (frame.opcode == close_frame) drop();
    if (frame.opcode != text_frame || gone()) return;
    const std::string_view message(frame.payload.data(), frame.payload.size());
    const std::string_view event = text_of(message, R"("event")");
    if (event == "media") {
        const std::string_view payload = text_of(message, R"("payload")");
        speech_.hear(payload);
        if (speech_.options().says == Speech::Says::echo) send_message(payload);
    } else if (event == "start") {
        start(message);
    } else if (event == "stop") {
        drop();
    }
}

void MediaCall::start(std::string_view message) {
    const std::string_view sid = text_of(message, R"("streamSid")");
    stream_sid_bytes_ = static_cast<std::uint8_t>(std::min(sid.size(), stream_sid_.size()));
    std::memcpy(stream_sid_.data(), sid.data(), stream_sid_bytes_);
    if (!speech_.speaks() || next_message_ != 0) return;
    const std::uint32_t at_once = std::max(speech_.options().lead_ms / speech_.options().message_ms, 1U);
    due_ns = now_ns();
    for (std::uint32_t i = 1; i < at_once && next_message_ + 1 < speech_.payloads().size(); ++i)
        send_message(speech_.payloads()[next_message_++]);
    play();
}

void MediaCall::on_due(std::int64_t) {
    play();
    settle();
}

void MediaCall::play() {
    send_message(speech_.payloads()[next_message_++]);
    if (speech_.options().says == Speech::Says::messages) send_mark();
    if (next_message_ < speech_.payloads().size() && !gone())
        loop().plan(*this, due_ns + std::int64_t{speech_.options().message_ms} * ms);
}

void MediaCall::send_message(std::string_view payload) {
    constexpr std::string_view before = R"({"event":"media","streamSid":")", middle = R"(","media":{"payload":")",
                               behind = R"("}})";
    if (payload.size() + 512 > speech_.output.size()) return;
    char* const out = speech_.output.data();
    std::size_t at = write_header(out, text_frame,
                                  before.size() + stream_sid_bytes_ + middle.size() + payload.size() + behind.size());
    for (const std::string_view part : {before, {stream_sid_.data(), stream_sid_bytes_}, middle, payload, behind}) {
        std::memcpy(out + at, part.data(), part.size());
        at += part.size();
    }
    send({out, at});
}

void MediaCall::send_mark() {
    const std::uint32_t clip_ms = speech_.options().clip_ms;
    const std::uint32_t sent_ms = std::min(next_message_ * speech_.options().message_ms, clip_ms);
    if (sent_ms - marked_ms_ < speech_.options().mark_ms && sent_ms != clip_ms) return;
    marked_ms_ = sent_ms;
    std::array<char, 256> text;
    const int size =
        std::snprintf(text.data(), text.size(), R"({"event":"mark","streamSid":"%.*s","mark":{"name":"0.%u"}})",
                      static_cast<int>(stream_sid_bytes_), stream_sid_.data(), sent_ms);
    const auto bytes = static_cast<std::size_t>(size);
    const std::size_t head = write_header(speech_.output.data(), text_frame, bytes);
    std::memcpy(speech_.output.data() + head, text.data(), bytes);
    send({speech_.output.data(), head + bytes});
}

}  // namespace bench
