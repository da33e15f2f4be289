#include "gateway/elevenlabs_reply.hpp"

#include "elevenlabs/speech_message.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

using speech::Failure;

constexpr std::string_view json_space = " \t\r\n";

// Whether a text that begins so can still become a JSON object. '{' is also a soft sample, one that speech often begins
// with; but the second or third byte tells: '"' and '}' are loud ones, and what follows them must be free of control
// characters.
bool may_become_json_object(std::string_view start) {
    const auto skip_space = [&] { start.remove_prefix(std::min(start.find_first_not_of(json_space), start.size())); };
    skip_space();
    if (start.empty()) return true;
    if (start.front() != '{') return false;
    start.remove_prefix(1);
    skip_space();
    if (start.empty()) return true;
    if (start.front() != '"' && start.front() != '}') return false;
    return std::ranges::all_of(start,
                               [](char c) { return static_cast<unsigned char>(c) >= 0x20 || json_space.contains(c); });
}

bool is_json_object(std::string_view text) {
    boost::json::error_code error;
    const auto value = boost::json::parse(text, error);
    return !error && value.is_object();
}

Failure::Kind kind_of(elevenlabs::Blame blame) {
    switch (blame) {
        case elevenlabs::Blame::voice:
            return Failure::Kind::unknown_voice;
        case elevenlabs::Blame::key:
        case elevenlabs::Blame::account:
        case elevenlabs::Blame::request:
            return Failure::Kind::refused;
        case elevenlabs::Blame::busy:
            return Failure::Kind::busy;
        case elevenlabs::Blame::upstream:
            break;
    }
    return Failure::Kind::unavailable;
}

// A wrong key or an empty account concerns every request of every call, which is what the breaker wants to know.
Failure::Scope scope_of(elevenlabs::Blame blame) {
    const bool everybodys = blame == elevenlabs::Blame::key || blame == elevenlabs::Blame::account;
    return everybodys ? Failure::Scope::account : Failure::Scope::attempt;
}

// A fixed phrase each: reasons label a metric, so they must not multiply.
Failure failure_of(net::TransportError::Kind kind) {
    using enum net::TransportError::Kind;
    switch (kind) {
        case resolve:
            return {Failure::Kind::unavailable, "name not resolved"};
        case connect:
            return {Failure::Kind::unavailable, "connection failed"};
        case tls:
            return {Failure::Kind::unavailable, "tls failed"};
        case timeout:
            return {Failure::Kind::unavailable, "timeout"};
        case cut_off:
            return {Failure::Kind::unavailable, "cut off"};
        case too_large:
            return {Failure::Kind::cancelled_by_limit, "too much audio"};
        case other:
            break;
    }
    return {Failure::Kind::unavailable, "transport failed"};
}

}  // namespace

void ElevenLabsReply::on_head(const net::IncomingHead& head) {
    status_ = head.status;
    const bool is_audio = status_ == 200 && elevenlabs::is_mulaw_content_type(head.header("content-type"));
    state_ = is_audio ? State::suspicious : State::report;
}

audio::Clip ElevenLabsReply::on_body(std::span<const char> bytes) {
    if (state_ == State::audio) return play(bytes);
    if (state_ == State::report) {
        report_.append(bytes.data(), std::min(bytes.size(), report_bytes_max - report_.size()));
        return {};
    }
    report_.append(bytes.data(), bytes.size());
    if (!may_become_json_object(report_)) {
        state_ = State::audio;
        return play(std::exchange(report_, {}));
    }
    if (report_.size() >= report_bytes_max) {  // no audio is free of loud samples for eight seconds
        state_ = State::report;
        report_.resize(report_bytes_max);
    }
    return {};
}

audio::Clip ElevenLabsReply::play(std::span<const char> bytes) {
    audio_bytes_ += bytes.size();
    return joiner_.add(std::as_bytes(bytes));
}

ElevenLabsReply::End ElevenLabsReply::finish() {
    End end;
    if (state_ == State::suspicious && !report_.empty() && !is_json_object(report_)) {
        state_ = State::audio;
        end.rest = play(std::exchange(report_, {}));
    }
    if (state_ == State::report || !report_.empty()) return failed();
    if (end.rest.empty()) end.rest = joiner_.rest();
    if (audio_bytes_ == 0) end.failure = Failure{Failure::Kind::unavailable, "no audio"};
    return end;
}

ElevenLabsReply::End ElevenLabsReply::break_off(const net::TransportError& error) {
    // A refusal whose text was cut off is a refusal all the same.
    if (state_ == State::report && status_ >= 400) return failed();
    return {joiner_.rest(), failure_of(error.kind), {}};
}

ElevenLabsReply::End ElevenLabsReply::failed() const {
    auto report = elevenlabs::read_error(status_, report_);
    const bool success_without_reason = status_ < 300 && report.code == "http_" + std::to_string(status_);
    if (success_without_reason)
        return {{}, Failure{Failure::Kind::unavailable, "not audio"}, std::move(report.request_id)};
    return {{},
            Failure{kind_of(report.blame), std::move(report.code), scope_of(report.blame)},
            std::move(report.request_id)};
}

}  // namespace gateway
