#include "net/websocket.hpp"

#include <openssl/rand.h>

#include <utility>
#include <variant>

namespace net {

namespace {

template <class... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};

std::string_view view(std::span<const char> bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

WebSocket::WebSocket(std::unique_ptr<Connection> connection, Options options, Handler& handler)
    : connection_(std::move(connection)),
      decoder_(options),
      handler_(handler),
      client_(options.role == websocket::Role::client) {
    connection_->set_handler(*this);
}

WebSocket::~WebSocket() {
    // What is on its way still arrives, our close frame last; and what the peer sends meanwhile is not met by a reset,
    // which could take it all back.
    if (connection_->closing() || close_sent_) leave(std::move(connection_));
}

void WebSocket::start(std::span<char> early) {
    if (!early.empty()) on_bytes(early);
}

std::optional<std::uint32_t> WebSocket::mask() {
    if (!client_) return std::nullopt;
    std::uint32_t key = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key);
    return key;
}

void WebSocket::send_frame(websocket::Opcode opcode, std::string_view payload) {
    if (closing()) return;
    std::string frame;
    websocket::append_frame(frame, opcode, payload, mask());
    connection_->send(frame);
}

void WebSocket::send_text(std::string_view text) {
    send_frame(websocket::Opcode::text, text);
}

void WebSocket::send_binary(std::string_view bytes) {
    send_frame(websocket::Opcode::binary, bytes);
}

void WebSocket::ping(std::string_view payload) {
    send_frame(websocket::Opcode::ping, payload);
}

void WebSocket::send_frames(std::string_view frames) {
    if (!closing()) connection_->send(frames);
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
    if (closing()) return;
    std::string frame;
    websocket::append_close(frame, code, reason, mask());
    connection_->send(frame);
    close_sent_ = true;
    our_close_code_ = code;
    connection_->read_at_leisure(false);
    patience_ = std::make_unique<Timer>(connection_->loop().timers(), [this] { finish(our_close_code_, ""); });
    patience_->arm(connection_->loop().now() + close_patience);
}

void WebSocket::reset() {
    if (std::exchange(finished_, true)) return;
    connection_->reset();
}

void WebSocket::hang_up() {
    if (std::exchange(finished_, true)) return;
    connection_->close_after_sending();
}

WebSocket::Released WebSocket::release() {
    finished_ = true;
    const auto unread = decoder_.unread();
    return {connection_->release(), std::string(unread.data(), unread.size())};
}

void WebSocket::on_bytes(std::span<char> bytes) {
    if (finished_) return;
    decoder_.feed(bytes);
    hand_out();
    if (!finished_) handler_.on_read_done();
}

void WebSocket::hand_out() {
    while (!finished_) {
        const auto event = decoder_.next();
        if (!event) return fail(event.error());
        if (!*event) return;
        perform(**event);
    }
}

void WebSocket::perform(const websocket::Event& event) {
    // After our close frame only the peer's matters.
    if (close_sent_ && !std::holds_alternative<websocket::Close>(event)) return;
    std::visit(Match{[&](const websocket::Text& text) { handler_.on_text(text.text); },
                     [&](const websocket::Binary& binary) { handler_.on_binary(binary.bytes); },
                     [&](const websocket::Ping& ping) { send_frame(websocket::Opcode::pong, view(ping.payload)); },
                     [&](const websocket::Pong& pong) { handler_.on_pong(pong.payload); },
                     [&](const websocket::Close& close) { answer_close(close); }},
               event);
}

void WebSocket::answer_close(const websocket::Close& close) {
    const std::string reason(close.reason);
    if (!close_sent_) {
        std::string frame;
        // 1005 means "no code given" and must not appear on the wire (RFC 6455, 7.4.1): the echo then has none either.
        if (close.code == websocket::close_code::none) {
            websocket::append_frame(frame, websocket::Opcode::close, {}, mask());
        } else {
            websocket::append_close(frame, close.code, {}, mask());
        }
        connection_->send(frame);
    }
    finish(close_sent_ ? our_close_code_ : close.code, reason);
}

void WebSocket::fail(const websocket::Violation& violation) {
    if (!close_sent_) {
        std::string frame;
        websocket::append_close(frame, violation.code, violation.what, mask());
        connection_->send(frame);
    }
    finish(violation.code, violation.what);
}

void WebSocket::finish(std::uint16_t code, std::string_view reason) {
    if (std::exchange(finished_, true)) return;
    connection_->close_after_sending();
    handler_.on_closed(code, reason);
}

void WebSocket::on_closed(CloseReason) {
    if (std::exchange(finished_, true)) return;
    handler_.on_closed(close_sent_ ? our_close_code_ : websocket::close_code::lost, "");
}

}  // namespace net
