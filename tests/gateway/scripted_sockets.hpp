#pragma once
// A multi-stream-input server on the loop under test. It holds its clients to the rules of the real one, and does
// otherwise what the test's script says.

#include "encoding/base64.hpp"
#include "net/http_server.hpp"
#include "net/websocket.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

class ScriptedSockets {
public:
    using Message = boost::json::object;

    class Peer final : private net::WebSocket::Handler {
    public:
        Peer(ScriptedSockets& server, const http::Request& request, std::unique_ptr<net::Exchange::Upgraded> upgraded)
            : target(request.target),
              key(request.header("xi-api-key")),
              opened_at(net::Clock::now()),
              server_(server),
              socket_(std::move(upgraded->connection), {.role = websocket::Role::server, .message_bytes_max = 1 << 20},
                      static_cast<net::WebSocket::Handler&>(*this)),
              early_(std::move(upgraded->early)) {}
        void start() { socket_.start(early_); }

        void send(std::string_view text) { socket_.send_text(text); }
        void send_audio(const std::string& id, std::string_view mulaw) {
            if (live_.contains(id)) live_[id].spoken = true;
            send(R"({"audio":")" + encoding::to_base64(std::as_bytes(std::span(mulaw))) +
                 R"(","alignment":null,"normalizedAlignment":null,"contextId":")" + id + "\"}");
        }
        void send_final(const std::string& id) {
            live_.erase(id);
            send(R"({"isFinal":true,"contextId":")" + id + "\"}");
        }
        void send_error(std::string_view error, int code = 1008) {
            send(boost::json::serialize(Message{{"message", "In words."}, {"error", error}, {"code", code}}));
        }
        void close(std::uint16_t code) { socket_.close(code, ""); }
        void reset() {
            socket_.reset();
            closed_with = websocket::close_code::lost;
        }

        std::size_t live_contexts() const { return live_.size(); }

        const std::string target, key;
        const net::Instant opened_at;
        std::vector<Message> messages;
        std::vector<std::string> asked;   // contexts that were given their text, in order
        std::vector<std::string> closed;  // contexts that were asked to end
        std::optional<std::uint16_t> closed_with;
        bool close_socket_came = false;

    private:
        struct Live {
            bool spoken = false;
        };

        void on_text(std::string_view text) override {
            messages.push_back(boost::json::parse(text).as_object());
            const Message message = messages.back();
            if (message.contains("close_socket")) {
                close_socket_came = true;
                return;
            }
            const std::string id(message.at("context_id").as_string());
            if (message.contains("close_context")) {
                EXPECT_TRUE(live_.contains(id)) << "closes a dead context";
                EXPECT_TRUE(live_[id].spoken || server_.closing_in_silence_is_right) << "closed before the first audio";
                closed.push_back(id);
            } else if (!live_.contains(id)) {
                EXPECT_EQ(message.at("text"), " ") << "the first message opens a context";
                EXPECT_TRUE(message.contains("voice_settings"));
                live_[id];
                EXPECT_LE(live_.size(), 5u) << "one context too many";
            } else {
                EXPECT_FALSE(message.contains("voice_settings")) << "settings must come first";
                asked.push_back(id);
            }
            if (server_.on_message) server_.on_message(*this, id, message);
        }
        void on_binary(std::span<const char>) override { ADD_FAILURE() << "a binary message"; }
        void on_closed(std::uint16_t code, std::string_view) override { closed_with = code; }

        ScriptedSockets& server_;
        std::map<std::string, Live> live_;
        net::WebSocket socket_;
        std::string early_;
    };

    explicit ScriptedSockets(net::EventLoop& loop)
        : server_(loop, on_loopback(), [this](std::shared_ptr<net::Exchange> exchange) {
              ++attempts;
              if (silent) {
                  waiting_.push_back(std::move(exchange));
              } else if (refusal) {
                  exchange->answer(*refusal);
              } else {
                  accept(*exchange);
              }
          }) {
        EXPECT_TRUE(server_.listen(0));
    }

    // Answers every text with `mulaw`, and every close_context with isFinal.
    void speak(std::string mulaw) {
        on_message = [mulaw = std::move(mulaw)](Peer& peer, const std::string& id, const Message& message) {
            if (message.contains("flush")) peer.send_audio(id, mulaw);
            if (message.contains("close_context")) peer.send_final(id);
        };
    }
    // The upgrades that were held back.
    void answer_waiting() {
        silent = false;
        for (const auto& exchange : std::exchange(waiting_, {})) accept(*exchange);
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    Peer& peer(std::size_t index) { return *peers.at(index); }

    std::function<void(Peer&)> on_open;
    std::function<void(Peer&, const std::string& id, const Message&)> on_message;  // not for close_socket
    std::optional<http::Response> refusal;
    bool silent = false;  // leaves upgrades without an answer
    bool closing_in_silence_is_right = false;
    std::size_t attempts = 0;
    std::vector<std::unique_ptr<Peer>> peers;

private:
    static net::HttpServer::Options on_loopback() {
        net::HttpServer::Options options;
        options.host = "127.0.0.1";
        return options;
    }
    void accept(net::Exchange& exchange) {
        auto upgraded = exchange.upgrade();
        if (!upgraded) return;
        Peer& peer = *peers.emplace_back(std::make_unique<Peer>(*this, exchange.request(), std::move(upgraded)));
        if (on_open) on_open(peer);
        peer.start();
    }

    std::vector<std::shared_ptr<net::Exchange>> waiting_;
    net::HttpServer server_;
};

}  // namespace test
