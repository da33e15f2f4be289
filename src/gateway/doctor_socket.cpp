#include "gateway/doctor_socket.hpp"

#include "elevenlabs/stream_input.hpp"
#include "gateway/doctor_fetch.hpp"
#include "gateway/elevenlabs_ws.hpp"
#include "net/websocket.hpp"
#include "net/websocket_client.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

namespace {

constexpr std::string_view socket_check = "WebSocket";
constexpr std::string_view advice =
    "Callers hear HTTP instead, after a vain attempt; ELEVENLABS_TRANSPORT=http saves that.";
// Recorded: 50 ms after the upgrade.
constexpr std::chrono::milliseconds complaint_max{500}, handshake_max{5'000};

// Opens the socket and listens for a complaint.
class Listening final : private net::WebSocket::Handler {
public:
    Listening(net::EventLoop& loop, net::WebSocketTarget target)
        : enough_(loop.timers(), [this] { end({}); }), connector_(loop, std::move(target), [this, &loop](auto result) {
              if (!result) return end(result.error().reason);
              opened_ = true;
              enough_.arm(loop.now() + complaint_max);
              socket_ = std::make_unique<net::WebSocket>(std::move(result->connection),
                                                         net::WebSocket::Options{.role = websocket::Role::client},
                                                         static_cast<net::WebSocket::Handler&>(*this));
              socket_->start(result->early);
          }) {}

    bool ended() const { return complaint_.has_value(); }
    bool opened() const { return opened_; }
    const std::string& complaint() const { return *complaint_; }  // empty: none

private:
    void on_text(std::string_view text) override {
        const auto frame = elevenlabs::read_socket_frame(text);
        if (!frame) return end("what it says cannot be read");
        if (frame->error) end(frame->error->code);
    }
    void on_binary(std::span<const char>) override {}
    void on_closed(std::uint16_t code, std::string_view) override { end(fmt::format("closed with code {}", code)); }

    void end(std::string complaint) {
        if (!complaint_) complaint_ = std::move(complaint);
    }

    bool opened_ = false;
    std::optional<std::string> complaint_;
    net::Timer enough_;
    net::WebSocketConnector connector_;
    std::unique_ptr<net::WebSocket> socket_;
};

}  // namespace

Findings examine_socket(net::EventLoop& loop, const Options& options) {
    if (!options.elevenlabs_by_websocket || options.elevenlabs_key.empty()) return {};
    const std::string name(socket_check);
    if (!elevenlabs::serves_model(options.voice.model)) {
        return {problem(name, fmt::format("{} is not spoken by WebSocket.", options.voice.model), std::string(advice))};
    }
    auto target = net::parse_websocket_url(speech_socket_url(options.elevenlabs_url) +
                                           elevenlabs::socket_target({options.voice.id, options.voice.model, {}}));
    if (!target) return {problem(name, fmt::format("{}.", target.error()), "Mend ELEVENLABS_BASE_URL.")};
    if (target->tls) {
        auto trusted = net::Tls::client();
        if (!trusted) return {cannot_tell(name, fmt::format("{}.", trusted.error()))};
        target->authorities = std::move(*trusted);
    }
    target->headers = {{"xi-api-key", options.elevenlabs_key.reveal()}};
    target->timeout = handshake_max;
    Listening listening(loop, *std::move(target));
    run_until(loop, [&] { return listening.ended(); });
    if (!listening.opened()) {
        return {problem(name, fmt::format("It does not open: {}.", listening.complaint()), std::string(advice))};
    }
    if (!listening.complaint().empty())
        return {problem(name, fmt::format("It opens and refuses: {}.", listening.complaint()), std::string(advice))};
    return {ok(name, "It opens.")};
}

}  // namespace gateway
