#include "load/speech_upstream.hpp"

#include "load/http_text.hpp"
#include "load/stamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>
#include <sys/epoll.h>

namespace bench {

namespace {

constexpr std::size_t bytes_a_ms = 8;

std::string chunk;  // put together by every answer

}  // namespace

UpstreamAnswer::UpstreamAnswer(Loop& loop, Socket accepted, UpstreamPlan& plan)
    : Stream(loop, std::move(accepted)), plan_(plan) {}

void UpstreamAnswer::on_bytes(std::span<char> bytes) {
    request_.append(bytes.data(), bytes.size());
    const HttpText request = first_message(request_);
    if (answering_ || request.bytes == 0) return;
    const bool speech = request.head.starts_with("POST ");
    request_.erase(0, request.bytes);
    if (!speech) {
        send("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
        return;
    }
    answering_ = true;
    ++plan_.asked;
    sent_ms_ = 0;
    loop().plan(*this, now_ns() + plan_.first_byte_ms * ms);
}

void UpstreamAnswer::on_due(std::int64_t) {
    if (sent_ms_ == 0) send("HTTP/1.1 200 OK\r\nContent-Type: audio/basic\r\nTransfer-Encoding: chunked\r\n\r\n");
    send_chunk(std::min(sent_ms_ == 0 ? plan_.head_ms : plan_.chunk_ms, plan_.audio_ms - sent_ms_));
    if (sent_ms_ < plan_.audio_ms && !gone()) {
        loop().plan(*this, due_ns + plan_.interval_ms * ms);
    } else {
        send("0\r\n\r\n");
        answering_ = false;
        on_bytes({});
    }
    settle();
}

void UpstreamAnswer::send_chunk(std::uint32_t length_ms) {
    const std::size_t bytes = length_ms * bytes_a_ms;
    chunk.clear();
    fmt::format_to(std::back_inserter(chunk), "{:x}\r\n", bytes);
    const std::size_t audio = chunk.size();
    chunk.append(bytes, '\x2A');
    chunk += "\r\n";
    const auto stamp = Stamp::of(now_ns());
    std::memcpy(chunk.data() + audio, stamp.data(), stamp.size());
    send(chunk);
    sent_ms_ += length_ms;
}

SpeechUpstream::SpeechUpstream(Loop& loop, int listener, UpstreamPlan& plan)
    : loop_(loop), listener_(listener), plan_(plan) {
    loop_.watch(listener, EPOLLIN, *this);
}

void SpeechUpstream::on_ready(std::uint32_t) {
    for (int socket = accept_from(listener_); socket >= 0; socket = accept_from(listener_))
        new UpstreamAnswer(loop_, Socket(socket, nullptr, true), plan_);  // the loop discards it
}

}  // namespace bench
