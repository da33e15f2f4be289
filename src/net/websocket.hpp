#pragma once
// A WebSocket on a Connection: the codec of websocket/ with its socket. Answers pings, echoes closes, enforces limits;
// messages go to the Handler.

#include "net/connection.hpp"
#include "websocket/codec.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace net {

class WebSocket final : private Connection::Handler {
public:
    class Handler {
    public:
        virtual void on_text(std::string_view text) = 0;
        virtual void on_binary(std::span<const char> bytes) = 0;
        virtual void on_pong(std::span<const char>) {}
        // After all messages of one read have been handed out: the place to act on them together.
        virtual void on_read_done() {}
        // The socket has gone; called once. `code` is the peer's close code, websocket::close_code::lost when it gave
        // none because the connection broke, and our own when we closed.
        virtual void on_closed(std::uint16_t code, std::string_view reason) = 0;

    protected:
        ~Handler() = default;
    };

    using Options = websocket::Decoder::Options;

    // Takes over the connection; the upgrade has been answered. `early` are bytes that came behind the handshake.
    WebSocket(std::unique_ptr<Connection> connection, Options options, Handler& handler);
    ~WebSocket();
    void start(std::span<char> early);

    void send_text(std::string_view text);
    void send_binary(std::string_view bytes);
    void ping(std::string_view payload);
    // Whole frames made with websocket::append_frame or begin_text/end_text (server side): many messages in one write.
    void send_frames(std::string_view frames);
    // Sends a close frame and waits a bounded time for the peer's. on_closed follows.
    void close(std::uint16_t code, std::string_view reason);
    // Without a close frame and without on_closed: with a TCP reset, or in order after what is queued.
    void reset();
    void hang_up();
    void pause_reading(bool paused) { connection_->pause_reading(paused); }
    void read_at_leisure(bool leisurely) { connection_->read_at_leisure(leisurely && !closing()); }

    // Takes the socket away in the middle of on_text, with the bytes that were read but not handed out. The WebSocket
    // is finished.
    struct Released {
        ByteStream stream;
        std::string unread;
    };
    Released release();

    bool closing() const { return close_sent_ || finished_; }
    std::size_t queued_bytes() const { return connection_->queued_bytes(); }
    EventLoop& loop() { return connection_->loop(); }
    const std::string& peer() const { return connection_->peer(); }
    void proven() { connection_->proven(); }  // see SocketCensus

private:
    void on_bytes(std::span<char> bytes) override;
    void on_closed(CloseReason reason) override;
    void hand_out();
    void perform(const websocket::Event& event);
    void answer_close(const websocket::Close& close);
    void fail(const websocket::Violation& violation);
    void finish(std::uint16_t code, std::string_view reason);
    void send_frame(websocket::Opcode opcode, std::string_view payload);
    std::optional<std::uint32_t> mask();

    std::unique_ptr<Connection> connection_;
    websocket::Decoder decoder_;
    Handler& handler_;
    const bool client_;
    bool close_sent_ = false, finished_ = false;
    std::uint16_t our_close_code_ = 0;
    std::unique_ptr<Timer> patience_;  // runs while we wait for the peer's close frame

    static constexpr std::chrono::seconds close_patience{5};
};

}  // namespace net
