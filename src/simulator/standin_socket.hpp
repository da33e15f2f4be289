#pragma once
// The stand-in's WebSocket synthesis: what stream-input and multi-stream-input have in common, and stream-input itself.
// As recorded from the live service: a bad key or voice is only told after the upgrade, by an error frame and a close
// with code 1008 a little later; isFinal comes only after the closing message; the server closes 0.75 s after it.

#include "http/message.hpp"
#include "net/http_server.hpp"
#include "net/websocket.hpp"
#include "simulator/standin_context.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

// The query of the upgrade: fixed for the socket's life.
struct SocketOrder {
    std::string voice_id, output_format;
    bool multi = false, auto_mode = false, sync_alignment = false;
    std::chrono::seconds inactivity_timeout{20};
    // What only an error frame will tell: the key or the voice is wrong.
    std::optional<std::pair<std::string, std::string>> refusal;  // error, message
};

// A GET of …/stream-input or …/multi-stream-input; the response is for upgrades that the live service refuses over
// HTTP.
std::expected<SocketOrder, http::Response> read_socket_order(const http::Request& request);
bool is_socket_target(std::string_view path);

class StandinSocket : protected net::WebSocket::Handler, protected StandinContext::Owner {
public:
    StandinSocket(net::EventLoop& loop, SpeechDesk& desk, SocketOrder order, std::uint32_t seed,
                  std::function<void()> gone);
    virtual ~StandinSocket() = default;
    void start(std::unique_ptr<net::Exchange::Upgraded> upgraded);

protected:
    using Message = boost::json::object;
    virtual void on_message(const Message& message) = 0;

    std::unique_ptr<StandinContext> new_context(std::optional<std::string> id);
    // voice_settings and generation_config of a context's first message. False when they are wrong; the socket ends
    // then.
    bool configure(StandinContext& context, const Message& message);
    void refuse(std::string_view error, std::string_view message, std::uint16_t code = 1008);
    void close_later(std::uint16_t code, std::string reason, std::chrono::milliseconds delay);
    net::EventLoop& loop() { return loop_; }

    void send_frame(std::string_view json) override;
    void strike(const Fault& fault) override;

private:
    void on_text(std::string_view text) override;
    void on_binary(std::span<const char> bytes) override;
    void on_closed(std::uint16_t code, std::string_view reason) override;
    void idle_too_long();
    void fall_silent();
    void end();

    net::EventLoop& loop_;
    SpeechDesk& desk_;
    SocketOrder order_;
    std::uint32_t seed_;
    std::function<void()> gone_;
    std::unique_ptr<net::WebSocket> socket_;
    bool ending_ = false;  // no more messages are heard
    std::pair<std::uint16_t, std::string> close_with_;
    net::Timer idle_, close_;
};

// One context from the first message to {"text":""}.
class StandinSingleSocket final : public StandinSocket {
public:
    using StandinSocket::StandinSocket;

private:
    void on_message(const Message& message) override;
    void finished(StandinContext& context) override;

    std::unique_ptr<StandinContext> context_;
    std::string settings_;  // of the first message, as text
};

// A text member, or nullopt when it is absent or something else.
std::optional<std::string_view> text_in(const boost::json::object& message, std::string_view name);
bool true_in(const boost::json::object& message, std::string_view name);

}  // namespace simulator
