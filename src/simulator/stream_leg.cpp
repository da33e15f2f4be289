#include "simulator/stream_leg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace simulator {

namespace {

constexpr std::chrono::milliseconds slow_reader_pause{900}, slow_reader_reads{100};
// A server may speak a whole message in one frame: ten minutes in base64, the most Twilio would queue.
constexpr std::size_t server_message_max = 8u << 20;

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

}  // namespace

StreamLeg::StreamLeg(net::EventLoop& loop, FrameCheck& frames, StreamPlan plan, std::function<void()> done)
    : loop_(loop),
      frames_(frames),
      plan_(std::move(plan)),
      done_(std::move(done)),
      ear_(plan_.ear),
      masks_(plan_.line.seed),
      wake_(loop.timers(), [this] { wake(); }) {
    report_.stream_sid = plan_.line.stream_sid;
    connector_ = std::make_unique<net::WebSocketConnector>(loop_, plan_.target,
                                                           [this](auto result) { opened(std::move(result)); });
}

void StreamLeg::opened(std::expected<net::WebSocketConnector::Opened, net::WebSocketRefusal> result) {
    const Instant now = loop_.now();
    if (!result) {
        const auto& refusal = result.error();
        notices_.push_back({refusal.status == 0 ? code::stream_refused : code::stream_handshake,
                            fmt::format("the stream was not opened: {}", refusal.reason)});
        return end(StreamEnd::not_opened, now);
    }
    socket_ = std::make_unique<net::WebSocket>(
        std::move(result->connection),
        net::WebSocket::Options{.role = websocket::Role::client, .message_bytes_max = server_message_max},
        static_cast<net::WebSocket::Handler&>(*this));
    started_ = now;
    line_.emplace(std::move(plan_.line), now);
    socket_->send_text(Line::connected());
    socket_->send_text(line_->start());
    report_.webhook_to_start = now - plan_.webhook_asked;
    pause_reading_at_ = now + slow_reader_reads;
    socket_->start(result->early);
    if (!ended_) schedule();
}

void StreamLeg::on_text(std::string_view text) {
    if (hanging_up_ || half_open_) return;
    const Instant now = loop_.now();
    auto frame = frames_.read(text, report_.stream_sid);
    if (!frame) return warn_of_frame(std::move(frame.error()));
    std::visit(
        Overloaded{[&](const ServerMedia& media) {
                       if (!ear_.hear(media.mulaw, now) && ear_.bytes_discarded() > 0 &&
                           std::ranges::find(notices_, code::stream_buffer_full, &Notice::code) == notices_.end()) {
                           notices_.push_back({code::stream_buffer_full, "more than 10 minutes of audio were waiting"});
                       }
                   },
                   [&](const ServerMark& mark) { ear_.mark(mark.name, now); },
                   [&](const ServerClear&) { ear_.clear(now); }},
        *frame);
}

void StreamLeg::on_binary(std::span<const char>) {
    warn_of_frame(FrameCheck::binary_frame());
}

// Twilio warns once per stream and kind.
void StreamLeg::warn_of_frame(Notice notice) {
    ++report_.bad_frames;
    if (std::ranges::find(notices_, notice.code, &Notice::code) == notices_.end())
        notices_.push_back(std::move(notice));
}

void StreamLeg::on_read_done() {
    if (!ended_ && !hanging_up_ && line_) schedule();
}

void StreamLeg::wake() {
    if (ended_) return std::exchange(done_, nullptr)();  // may destroy this
    const Instant now = loop_.now();
    report_.lateness = std::max(report_.lateness, now - wake_.when());
    if (half_open_) {
        socket_->reset();
        return end(StreamEnd::dropped_by_caller, now);
    }
    if (make_trouble(now)) return;
    send_due(now);
    if (ended_) return;
    if (now >= message_over_at()) return hang_up();
    schedule();
}

// All that is due leaves in one write: with bursts, that is what keeps thousands of calls cheap.
void StreamLeg::send_due(Instant now) {
    frames_due_.clear();
    const auto append = [this](std::string_view message) {
        const auto mask = static_cast<std::uint32_t>(masks_());
        websocket::append_frame(frames_due_, websocket::Opcode::text, message, mask);
    };
    for (const Ear::Echo& echo : ear_.take_echoes(now)) append(line_->mark(echo.name));
    line_->take_due(now, append);
    if (!frames_due_.empty()) socket_->send_frames(frames_due_);
}

bool StreamLeg::make_trouble(Instant now) {
    const Trouble& trouble = plan_.trouble;
    const auto due = [&](const std::optional<std::chrono::milliseconds>& after) {
        return after && now >= started_ + *after;
    };
    if (due(trouble.reset_after)) {
        socket_->reset();
        end(StreamEnd::dropped_by_caller, now);
        return true;
    }
    if (due(trouble.half_open_after)) {
        go_half_open();
        return true;
    }
    if (due(trouble.hang_up_after)) {
        hang_up();
        return true;
    }
    if (trouble.slow_reader && now >= pause_reading_at_) {
        socket_->pause_reading(reading_);
        pause_reading_at_ = now + (reading_ ? slow_reader_pause : slow_reader_reads);
        reading_ = !reading_;
    }
    return false;
}

// As when a router between us forgets the connection: whoever trusts the socket waits for ever.
void StreamLeg::go_half_open() {
    half_open_ = true;
    socket_->pause_reading(true);
    wake_.arm(started_ + plan_.patience.hold.value_or(plan_.patience.for_first_word));
}

void StreamLeg::hang_up() {
    hanging_up_ = true;
    wake_.disarm();
    ear_.hang_up(loop_.now());
    if (!plan_.trouble.close_without_stop) socket_->send_text(line_->stop());
    socket_->close(websocket::close_code::normal, "");
}

void StreamLeg::on_closed(std::uint16_t code, std::string_view reason) {
    if (ended_) return;
    const Instant now = loop_.now();
    if (hanging_up_) return end(StreamEnd::caller_hung_up, now);
    judge_close(now, code, reason);
}

void StreamLeg::judge_close(Instant now, std::uint16_t close_code, std::string_view reason) {
    report_.close_reason = reason;
    if (close_code == websocket::close_code::lost) {
        notices_.push_back({code::stream_lost, "the stream's connection broke without a close frame"});
        return end(StreamEnd::lost, now);
    }
    report_.close_code = close_code;
    if (close_code == websocket::close_code::protocol_error || close_code == websocket::close_code::bad_payload) {
        notices_.push_back({code::stream_protocol, fmt::format("WebSocket protocol error: {}", reason)});
        return end(StreamEnd::protocol_error, now);
    }
    if (close_code != websocket::close_code::normal) {
        notices_.push_back(
            {code::stream_closed, fmt::format("the server closed the stream with code {} {}", close_code, reason)});
    }
    if (ear_.buffered(now).count() > 0) {
        notices_.push_back({0, fmt::format("the server closed the stream while {} ms of audio had not been heard yet",
                                           ear_.buffered(now) / std::chrono::milliseconds(1))});
    }
    end(StreamEnd::server_closed, now);
}

Instant StreamLeg::message_over_at() const {
    const Patience& patience = plan_.patience;
    const Instant latest = started_ + patience.longest;
    if (patience.hold) return std::min(started_ + *patience.hold, latest);
    if (!ear_.heard_anything()) return std::min(started_ + patience.for_first_word, latest);
    return std::min(ear_.dry_at() + (ear_.ends_with_mark() ? patience.after_mark : patience.without_mark), latest);
}

void StreamLeg::schedule() {
    Instant next = std::min(line_->next_due(), message_over_at());
    if (const auto echo = ear_.next_echo()) next = std::min(next, *echo);
    const Trouble& trouble = plan_.trouble;
    for (const auto& after : {trouble.hang_up_after, trouble.reset_after, trouble.half_open_after}) {
        if (after) next = std::min(next, started_ + *after);
    }
    if (trouble.slow_reader) next = std::min(next, pause_reading_at_);
    wake_.arm(next);
}

void StreamLeg::end(StreamEnd how, Instant now) {
    if (ended_) return;
    ended_ = true;
    report_.end = how;
    ear_.hang_up(now);
    if (line_) {
        report_.length = now - started_;
        report_.frames_sent = line_->media_messages();
    }
    if (const auto first = ear_.first_audio()) {
        report_.start_to_first_audio = *first - started_;
        report_.webhook_to_first_audio = *first - plan_.webhook_asked;
    }
    report_.ear = std::move(ear_);
    wake_.arm(now);  // `done` destroys this object, which must not happen inside a callback of its socket
}

}  // namespace simulator
