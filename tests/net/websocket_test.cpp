// A server's WebSocket and our own client over real sockets, and a raw client that breaks the rules.

#include "net/websocket.hpp"

#include "net/http_server.hpp"
#include "net/websocket_client.hpp"
#include "tests/net/certificate.hpp"
#include "websocket/codec.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;

// Writes down what it hears; `on_heard` may act.
struct Party final : net::WebSocket::Handler {
    void on_text(std::string_view text) override {
        texts.emplace_back(text);
        if (on_heard) on_heard(texts.back());
    }
    void on_binary(std::span<const char> bytes) override { binary_bytes += bytes.size(); }
    void on_read_done() override { ++reads; }
    void on_pong(std::span<const char> payload) override { pongs.emplace_back(payload.begin(), payload.end()); }
    void on_closed(std::uint16_t code, std::string_view why) override {
        close_code = code;
        reason = why;
        if (on_end) on_end();
    }

    std::unique_ptr<net::WebSocket> socket;
    std::function<void(const std::string&)> on_heard;
    std::function<void()> on_end;
    std::vector<std::string> texts, pongs;
    std::size_t binary_bytes = 0, reads = 0;
    int close_code = -1;
    std::string reason;
};

// A certificate for 127.0.0.1 in two files, as an operator would have it.
struct Identity {
    Identity() {
        const auto made = test::make_certificate("IP:127.0.0.1", 3600);
        write(certificate_file, made.certificate_pem);
        write(key_file, made.key_pem);
    }
    ~Identity() {
        std::filesystem::remove(certificate_file);
        std::filesystem::remove(key_file);
    }
    static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
    const std::string base =
        (std::filesystem::temp_directory_path() / ("mouthpiece-test-" + std::to_string(::getpid()))).string();
    const std::string certificate_file = base + "-cert.pem", key_file = base + "-key.pem";
};

// Every test runs twice: on plain sockets and through TLS.
class WebSocketTest : public testing::TestWithParam<bool> {
protected:
    WebSocketTest()
        : server_(loop_, {.host = "127.0.0.1", .limits = {}}, [this](const auto& exchange) { upgrade(exchange); }) {
        EXPECT_TRUE(server_.listen(0));
        deadline_.arm(loop_.now() + 10s);
        if (!GetParam()) return;
        const auto accepting = net::Tls::server(identity_.certificate_file, identity_.key_file);
        EXPECT_TRUE(accepting) << accepting.error();
        server_.use_tls(*accepting);
        authorities_ = *net::Tls::client(identity_.certificate_file);
    }
    ~WebSocketTest() override {  // before the loop they live on
        server.socket.reset();
        client.socket.reset();
    }

    void connect() {
        auto target = net::parse_websocket_url("ws://127.0.0.1:" + std::to_string(server_.port()) + "/stream?x=1");
        ASSERT_TRUE(target);
        target->tls = GetParam();
        target->authorities = authorities_;
        connector_ = std::make_unique<net::WebSocketConnector>(loop_, *target, [this](auto opened) {
            ASSERT_TRUE(opened) << opened.error().reason;
            client.socket = std::make_unique<net::WebSocket>(
                std::move(opened->connection), net::WebSocket::Options{websocket::Role::client, 1 << 20}, client);
            client.socket->start(opened->early);
            if (on_connected) on_connected();
        });
    }
    void run() {
        loop_.run();
        EXPECT_FALSE(timed_out_);
    }
    void stop() { loop_.stop(); }

    Party server, client;
    std::function<void()> on_connected;
    std::string requested_target;

private:
    void upgrade(const std::shared_ptr<net::Exchange>& exchange) {
        requested_target = exchange->request().target;
        if (auto upgraded = exchange->upgrade()) {
            server.socket = std::make_unique<net::WebSocket>(
                std::move(upgraded->connection), net::WebSocket::Options{websocket::Role::server, 64 * 1024}, server);
            server.socket->start(upgraded->early);
        }
    }

protected:
    struct Nobody final : net::Connection::Handler {
        void on_bytes(std::span<char>) override {}
        void on_closed(net::CloseReason) override {}
    } nobody_;
    net::EventLoop loop_;

private:
    bool timed_out_ = false;
    net::Timer deadline_{loop_.timers(), [this] {
                             timed_out_ = true;
                             loop_.stop();
                         }};
    Identity identity_;
    net::HttpServer server_;
    std::shared_ptr<const net::Tls> authorities_;
    std::unique_ptr<net::WebSocketConnector> connector_;
};

TEST_P(WebSocketTest, carries_text_both_ways_in_order) {
    server.on_heard = [&](const std::string& text) { server.socket->send_text("echo " + text); };
    client.on_heard = [&](const std::string&) {
        if (client.texts.size() == 100) stop();
    };
    on_connected = [&] {
        for (int i = 0; i < 100; ++i) client.socket->send_text(std::to_string(i));
    };
    connect();
    run();
    EXPECT_EQ(requested_target, "/stream?x=1");
    ASSERT_EQ(client.texts.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(client.texts[static_cast<std::size_t>(i)], "echo " + std::to_string(i));
}

TEST_P(WebSocketTest, carries_a_message_larger_than_any_socket_buffer) {
    const std::string large(900'000, 'x');
    server.on_heard = [&](const std::string&) { server.socket->send_text(large); };
    client.on_heard = [&](const std::string&) { stop(); };
    on_connected = [&] { client.socket->send_text("go"); };
    connect();
    run();
    ASSERT_EQ(client.texts.size(), 1u);
    EXPECT_EQ(client.texts[0], large);
}

TEST_P(WebSocketTest, answers_pings) {
    on_connected = [&] {
        client.socket->ping("are you there");
        client.socket->send_text("after");
    };
    server.on_heard = [&](const std::string&) { server.socket->send_text("done"); };
    client.on_heard = [&](const std::string&) { stop(); };
    connect();
    run();
    EXPECT_EQ(client.pongs, std::vector<std::string>{"are you there"});
}

TEST_P(WebSocketTest, a_close_reaches_the_other_side_with_code_and_reason) {
    on_connected = [&] { client.socket->close(4001, "enough"); };
    client.on_end = [&] { stop(); };
    connect();
    run();
    EXPECT_EQ(server.close_code, 4001);
    EXPECT_EQ(server.reason, "enough");
    EXPECT_EQ(client.close_code, 4001);
}

TEST_P(WebSocketTest, a_message_over_the_limit_closes_with_1009) {
    on_connected = [&] { client.socket->send_text(std::string(64 * 1024 + 1, 'x')); };
    client.on_end = [&] { stop(); };
    connect();
    run();
    EXPECT_EQ(server.close_code, websocket::close_code::too_big);
    EXPECT_EQ(client.close_code, websocket::close_code::too_big);
    EXPECT_TRUE(server.texts.empty());
}

TEST_P(WebSocketTest, unmasked_frames_of_a_client_close_with_1002) {
    on_connected = [&] {
        std::string frame;
        websocket::append_frame(frame, websocket::Opcode::text, "not masked");
        client.socket->send_frames(frame);
    };
    client.on_end = [&] { stop(); };
    connect();
    run();
    EXPECT_EQ(client.close_code, websocket::close_code::protocol_error);
    EXPECT_TRUE(server.texts.empty());
}

TEST_P(WebSocketTest, a_reset_is_told_as_lost) {
    on_connected = [&] { client.socket->reset(); };
    server.on_end = [&] { stop(); };
    connect();
    run();
    EXPECT_EQ(server.close_code, websocket::close_code::lost);
}

TEST_P(WebSocketTest, can_be_taken_away_in_the_middle_of_its_input) {
    // What the move of a call between loops rests on: the messages behind the one being handled are not lost.
    Party heir;
    server.on_heard = [&](const std::string& text) {
        if (text != "move") return;
        auto released = server.socket->release();
        auto connection = std::make_unique<net::Connection>(loop_, std::move(released.stream),
                                                            static_cast<net::Connection::Handler&>(nobody_));
        ASSERT_TRUE(connection->start());
        heir.socket = std::make_unique<net::WebSocket>(std::move(connection), net::WebSocket::Options{}, heir);
        loop_.post([&heir, unread = std::move(released.unread)]() mutable { heir.socket->start(unread); });
    };
    heir.on_heard = [&](const std::string& text) {
        if (text == "last") stop();
    };
    on_connected = [&] {
        for (const char* text : {"one", "move", "two", "three", "last"}) client.socket->send_text(text);
    };
    connect();
    run();
    EXPECT_EQ(server.texts, (std::vector<std::string>{"one", "move"}));
    EXPECT_EQ(heir.texts, (std::vector<std::string>{"two", "three", "last"}));
    EXPECT_EQ(server.close_code, -1);
}

TEST_P(WebSocketTest, at_leisure_many_messages_come_in_one_read) {
    constexpr int sent_one_by_one = 50;
    int sent = 0;
    std::function<void()> send_next = [&] {
        client.socket->send_text(std::to_string(sent));
        if (++sent < sent_one_by_one) loop_.post(send_next);
    };
    server.on_heard = [&](const std::string& text) {
        if (text == "begin") {
            server.socket->read_at_leisure(true);
            send_next();
        }
        if (text == std::to_string(sent_one_by_one - 1)) stop();
    };
    on_connected = [&] { client.socket->send_text("begin"); };
    connect();
    run();
    ASSERT_EQ(server.texts.size(), 1u + sent_one_by_one);
    for (int i = 0; i < sent_one_by_one; ++i)
        EXPECT_EQ(server.texts[static_cast<std::size_t>(i) + 1], std::to_string(i));
    EXPECT_LT(server.reads, 10u);
}

TEST_P(WebSocketTest, at_leisure_the_end_comes_at_once_and_after_what_was_sent_before_it) {
    constexpr int connections = 20;  // by rounds alone their ends would take two seconds
    int ended = 0;
    net::Instant asked;
    std::chrono::nanoseconds waited{};
    server.on_heard = [&](const std::string& text) {
        if (text != "begin") return;
        server.socket->read_at_leisure(true);
        client.socket->send_text("last words");
        asked = loop_.now();
        client.socket->reset();
    };
    server.on_end = [&] {
        waited += loop_.now() - asked;
        EXPECT_EQ(server.close_code, websocket::close_code::lost);
        if (++ended == connections) return stop();
        loop_.post([&] {
            server.socket.reset();
            connect();
        });
    };
    on_connected = [&] { client.socket->send_text("begin"); };
    connect();
    run();
    EXPECT_EQ(server.texts.size(), 2u * connections);
    EXPECT_LT(waited, connections * net::ReadingRound::length / 4);
}

TEST_P(WebSocketTest, one_that_is_destroyed_after_its_close_frame_still_delivers_everything) {
    constexpr std::size_t bytes = 500'000;  // more than the kernel takes at once
    server.on_heard = [&](const std::string&) {
        if (!server.socket) return;
        server.socket->send_binary(std::string(bytes, 'x'));
        server.socket->close(websocket::close_code::normal, "done");
        loop_.retire(std::move(server.socket));
    };
    // The peer goes on speaking, as callers do.
    net::Timer speaking(loop_.timers(), [&] {
        client.socket->send_text("more");
        speaking.arm(loop_.now() + 1ms);
    });
    client.on_end = [&] { stop(); };
    on_connected = [&] { speaking.arm(loop_.now()); };
    connect();
    run();
    EXPECT_EQ(client.binary_bytes, bytes);
    EXPECT_EQ(client.close_code, websocket::close_code::normal);
    EXPECT_EQ(client.reason, "done");
}

TEST_P(WebSocketTest, a_refused_upgrade_tells_status_and_body) {
    net::HttpServer refusing(loop_, {.host = "127.0.0.1", .limits = {}},
                             [](const auto& exchange) { exchange->answer(http::error(403, "No.")); });
    ASSERT_TRUE(refusing.listen(0));
    net::WebSocketRefusal refusal;
    net::WebSocketConnector connector(loop_, {.host = "127.0.0.1", .port = refusing.port(), .headers = {}},
                                      [&](auto opened) {
                                          ASSERT_FALSE(opened);
                                          refusal = opened.error();
                                          stop();
                                      });
    run();
    EXPECT_EQ(refusal.status, 403);
    EXPECT_NE(refusal.body.find("No."), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, WebSocketTest, testing::Bool(),
                         [](const auto& tls) { return tls.param ? "tls" : "plain"; });

TEST(WebSocketTls, a_certificate_that_nobody_vouches_for_is_not_believed) {
    const Identity identity;
    net::EventLoop loop;
    net::HttpServer server(loop, {.host = "127.0.0.1", .limits = {}}, [](const auto&) { FAIL() << "got through"; });
    server.use_tls(*net::Tls::server(identity.certificate_file, identity.key_file));
    ASSERT_TRUE(server.listen(0));
    const net::WebSocketTarget target{
        .tls = true, .authorities = *net::Tls::client(), .host = "127.0.0.1", .port = server.port(), .headers = {}};
    net::WebSocketConnector connector(loop, target, [&](auto opened) {
        ASSERT_FALSE(opened);
        loop.stop();
    });
    loop.run();
}

TEST(WebSocketTls, files_that_are_not_certificate_and_key_are_named) {
    const auto refused = net::Tls::server("/nonexistent/cert.pem", "/nonexistent/key.pem");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("/nonexistent/cert.pem"), std::string::npos);
}

TEST(WebSocketUrl, is_read_into_its_parts) {
    const auto plain = net::parse_websocket_url("ws://localhost:8001/a/b?c=d");
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->tls);
    EXPECT_EQ(plain->host, "localhost");
    EXPECT_EQ(plain->port, 8001);
    EXPECT_EQ(plain->target, "/a/b?c=d");
    const auto secure = net::parse_websocket_url("wss://[::1]");
    ASSERT_TRUE(secure);
    EXPECT_TRUE(secure->tls);
    EXPECT_EQ(secure->host, "::1");
    EXPECT_EQ(secure->port, 443);
    EXPECT_EQ(secure->target, "/");
    for (const char* wrong : {"http://a", "ws://", "ws://a:0/", "ws://a:99999/", "ws://a:x/"}) {
        EXPECT_FALSE(net::parse_websocket_url(wrong)) << wrong;
    }
}

}  // namespace
