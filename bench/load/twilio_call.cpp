#include "load/twilio_call.hpp"

#include "encoding/base64.hpp"
#include "load/stamp.hpp"
#include "load/webhook.hpp"
#include "wire/media_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace bench {

namespace {

constexpr std::int64_t frame_ns = 20 * ms, patience_ns = 10'000 * ms, call_farewell_ns = 2'000 * ms;
constexpr std::size_t backlog_max = 1 << 20;
constexpr std::uint32_t mask = 0x5A3C91E7;  // masking protects proxies; a load on loopback needs no secret one

std::string message, outgoing;  // put together by every call
std::vector<std::byte> heard;

// Quiet noise, as a telephone line has it.
const std::string& line_noise() {
    static const std::string payload = [] {
        std::array<std::byte, 160> frame;
        std::uint32_t random = 1;
        for (std::byte& code : frame)
            code = static_cast<std::byte>(0x78U | ((random = random * 1664525 + 1013904223) >> 24 & 0x87U));
        return encoding::to_base64(frame);
    }();
    return payload;
}

}  // namespace

TwilioCall::TwilioCall(const Context& context, std::string call_sid, std::string parameters)
    : Stream(context.loop, Socket(connect_to(context.plan.port), context.tls, false)),
      context_(context),
      call_sid_(std::move(call_sid)),
      stream_sid_("MZ" + call_sid_.substr(2)),
      parameters_(std::move(parameters)),
      placed_ns_(now_ns()),
      ends_ns_(placed_ns_ + static_cast<std::int64_t>(context.plan.call_seconds * 1e9)) {
    ++context_.tally.placed;
    ++context_.active;
    ask_upgrade();
    loop().plan(*this, placed_ns_ + frame_ns);
}

void TwilioCall::ask_upgrade() {
    send(
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nUser-Agent: "
                    "Twilio.TmeWs/1.0\r\n{}\r\n",
                    context_.plan.path, context_.plan.host, upgrade_signature(context_.plan)));
}

void TwilioCall::on_bytes(std::span<char> bytes) {
    if (state_ == State::streaming || state_ == State::leaving) {
        inbox_.take(bytes, [this](const Frame& frame) { on_frame(frame); });
    } else {
        answer_.append(bytes.data(), bytes.size());
        if (const std::size_t end = answer_.find("\r\n\r\n"); end != std::string::npos) upgraded(end + 4);
    }
    send_outgoing();
}

void TwilioCall::upgraded(std::size_t head_bytes) {
    if (!answer_.starts_with("HTTP/1.1 101")) {
        drop();
        return;
    }
    state_ = State::streaming;
    append_text(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
    append_text(fmt::format(
        R"({{"event":"start","sequenceNumber":"{}","start":{{"accountSid":"AC00000000000000000000000000000001","streamSid":"{}",)"
        R"("callSid":"{}","tracks":["inbound"],"mediaFormat":{{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}},)"
        R"("customParameters":{{{}}}}},"streamSid":"{}"}})",
        ++sequence_, stream_sid_, call_sid_, parameters_, stream_sid_));
    started_ns_ = now_ns();
    std::string behind = std::exchange(answer_, {}).substr(head_bytes);
    inbox_.take(behind, [this](const Frame& frame) { on_frame(frame); });
}

void TwilioCall::on_frame(const Frame& frame) {
    if (frame.opcode == close_frame) drop();
    if (frame.opcode == ping_frame)
        append_client_frame(outgoing, 10, {frame.payload.data(), frame.payload.size()}, mask);
    if (frame.opcode != text_frame || state_ == State::leaving) return;
    const std::string_view text(frame.payload.data(), frame.payload.size());
    const std::string_view event = text_of(text, R"("event")");
    if (event == "media") {
        on_media(text_of(text, R"("payload")"));
    } else if (event == "mark") {
        ++context_.tally.marks_received;
        ear_.mark(text_of(text, R"("name")"));
    } else if (event == "clear") {
        ear_.clear(now_ns());
    }
}

void TwilioCall::on_media(std::string_view payload) {
    Tally& tally = context_.tally;
    const std::size_t padding = payload.ends_with("==") ? 2 : payload.ends_with('=') ? 1 : 0;
    const std::size_t bytes = payload.size() / 4 * 3 - padding;
    const std::int64_t now = now_ns();
    if (ear_.bytes() == 0) tally.first_media.add(now - started_ns_);
    const std::int64_t gap = ear_.hear(bytes, now);
    ++tally.media_received;
    tally.audio_bytes += bytes;
    if (gap > context_.plan.gap_tolerance_ns) {
        ++tally.gaps;
        if (gaps_++ == 0) ++tally.calls_with_gaps;
        tally.longest_gap_ns = std::max(tally.longest_gap_ns, gap);
    }
    take_stamps(payload);
}

void TwilioCall::take_stamps(std::string_view payload) {
    if (!context_.plan.find_stamps) return;
    heard.clear();
    if (!encoding::append_from_base64(heard, payload)) return;
    const std::int64_t now = now_ns();
    std::span<const std::byte> audio(heard);
    while (const auto stamped = Stamp::take(audio)) context_.tally.latency.add(now - *stamped);
}

void TwilioCall::append_text(std::string_view text) {
    append_client_frame(outgoing, text_frame, text, mask);
}

void TwilioCall::append_media(std::int64_t now_ns) {
    message.clear();
    fmt::format_to(
        std::back_inserter(message),
        R"({{"event":"media","sequenceNumber":"{}","media":{{"track":"inbound","chunk":"{}","timestamp":"{}","payload":")",
        ++sequence_, chunk_ + 1, (chunk_ + 1) * 20);
    ++chunk_;
    const std::size_t at = message.size();
    message += line_noise();
    if (context_.plan.stamp_frames) message.replace(at, Stamp::bytes / 3 * 4, encoding::to_base64(Stamp::of(now_ns)));
    message += R"("},"streamSid":")";
    message += stream_sid_;
    message += R"("})";
    append_text(message);
    ++context_.tally.frames_sent;
}

void TwilioCall::append_reached_marks(std::int64_t now_ns) {
    for (std::string name = ear_.reached(now_ns); !name.empty(); name = ear_.reached(now_ns))
        append_text(fmt::format(R"({{"event":"mark","sequenceNumber":"{}","streamSid":"{}","mark":{{"name":"{}"}}}})",
                                ++sequence_, stream_sid_, name));
}

void TwilioCall::on_due(std::int64_t now) {
    const bool waited_enough = started_ns_ == 0 && now > placed_ns_ + patience_ns;
    if (waited_enough || (state_ == State::leaving && now > ends_ns_ + call_farewell_ns) || unsent() > backlog_max)
        drop();
    if (state_ == State::streaming && (now >= ends_ns_ || context_.tally.over)) hang_up(now);
    if (state_ == State::streaming) {
        context_.tally.send_lateness.add(std::max<std::int64_t>(now - due_ns, 0));
        append_reached_marks(now);
        append_media(now);
    }
    send_outgoing();
    if (!gone()) loop().plan(*this, due_ns + frame_ns);
    settle();
}

void TwilioCall::send_outgoing() {
    if (unsent() != 0 && state_ == State::streaming) ++context_.tally.sends_blocked;
    if (!outgoing.empty()) send(outgoing);
    outgoing.clear();
}

void TwilioCall::hang_up(std::int64_t now) {
    Tally& tally = context_.tally;
    ++tally.finished;
    if (now >= ends_ns_ && ear_.bytes() < std::size_t{context_.plan.expect_ms} * 8) {
        ++tally.too_short;
        if (ear_.bytes() == 0) ++tally.silent;
    }
    ends_ns_ = now;
    append_text(fmt::format(
        R"({{"event":"stop","sequenceNumber":"{}","streamSid":"{}","stop":{{"accountSid":"AC00000000000000000000000000000001","callSid":"{}"}}}})",
        ++sequence_, stream_sid_, call_sid_));
    append_client_frame(outgoing, close_frame, "\x03\xE8", mask);
    state_ = State::leaving;
}

void TwilioCall::on_gone() {
    if (started_ns_ == 0) ++context_.tally.refused;
    if (started_ns_ != 0 && state_ == State::streaming) ++context_.tally.lost;
    --context_.active;
}

}  // namespace bench
