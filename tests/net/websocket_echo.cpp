// Echoes what it hears, as a server or as a client, for tests/node to converse with: the other end is of another make.
//   websocket_echo serve         prints its port, then echoes on every connection
//   websocket_echo connect URL   echoes what a server says until it closes, then prints the close code

#include "net/http_server.hpp"
#include "net/websocket.hpp"
#include "net/websocket_client.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>

namespace {

constexpr std::size_t message_bytes_max = 1 << 20;

class Echo final : net::WebSocket::Handler {
public:
    Echo(std::unique_ptr<net::Connection> connection, websocket::Role role, std::function<void(int)> on_end)
        : socket_(std::move(connection), {.role = role, .message_bytes_max = message_bytes_max}, *this),
          on_end_(std::move(on_end)) {}
    void start(std::span<char> early) { socket_.start(early); }

private:
    void on_text(std::string_view text) override { socket_.send_text(text); }
    void on_binary(std::span<const char> bytes) override { socket_.send_binary({bytes.data(), bytes.size()}); }
    void on_closed(std::uint16_t code, std::string_view) override {
        net::EventLoop& loop = socket_.loop();
        on_end_(code);
        loop.let_go(this);
    }

    net::WebSocket socket_;
    std::function<void(int)> on_end_;
};

void converse(net::EventLoop& loop, std::unique_ptr<net::Connection> connection, std::span<char> early,
              websocket::Role role, std::function<void(int)> on_end) {
    const auto echo = std::make_shared<Echo>(std::move(connection), role, std::move(on_end));
    loop.keep(echo);
    echo->start(early);
}

int serve() {
    net::EventLoop loop;
    net::HttpServer server(loop, {.host = "127.0.0.1", .limits = {}}, [&](const auto& exchange) {
        if (auto upgraded = exchange->upgrade())
            converse(loop, std::move(upgraded->connection), upgraded->early, websocket::Role::server, [](int) {});
    });
    if (!server.listen(0)) return 1;
    std::printf("%d\n", server.port());
    std::fflush(stdout);
    loop.run();
    return 0;
}

int connect(std::string_view url) {
    const auto target = net::parse_websocket_url(url);
    if (!target) return 2;
    net::EventLoop loop;
    int code = 0;
    net::WebSocketConnector connector(loop, *target, [&](auto opened) {
        if (!opened) return loop.stop();
        converse(loop, std::move(opened->connection), opened->early, websocket::Role::client, [&](int its_code) {
            code = its_code;
            loop.post([&] { loop.stop(); });
        });
    });
    loop.run();
    std::printf("%d\n", code);
    return code == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "serve") return serve();
    if (argc == 3 && std::string_view(argv[1]) == "connect") return connect(argv[2]);
    std::fputs("usage: websocket_echo serve | websocket_echo connect URL\n", stderr);
    return 2;
}
