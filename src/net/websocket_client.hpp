#pragma once
// Opens a WebSocket to a server: name resolution, TCP, the opening handshake. Then it is a net::WebSocket like any
// other.

#include "net/tls.hpp"
#include "net/websocket.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace net {

struct WebSocketTarget {
    bool tls = false;
    std::shared_ptr<const Tls> authorities{};  // what to trust for wss://; must be given then
    std::string host;
    std::uint16_t port = 0;
    std::string target = "/";
    std::string host_header{};  // where it is not what `host` and `port` say
    std::vector<std::pair<std::string, std::string>> headers;
    std::chrono::milliseconds timeout{10'000};  // for everything up to the 101
};

// "ws://host:port/path?query" or wss://.
std::expected<WebSocketTarget, std::string> parse_websocket_url(std::string_view url);

struct WebSocketRefusal {
    int status = 0;  // of the HTTP answer; 0 when there was none
    std::string reason;
    std::string body;
};

class WebSocketConnector {
public:
    struct Opened {
        std::unique_ptr<Connection> connection;
        std::string early;  // bytes that came behind the 101
    };
    using Done = std::function<void(std::expected<Opened, WebSocketRefusal>)>;

    // `done` is called once, from the loop, unless the connector is destroyed first, which cancels.
    WebSocketConnector(EventLoop& loop, WebSocketTarget target, Done done);
    ~WebSocketConnector();

private:
    struct Attempt;
    std::unique_ptr<Attempt> attempt_;
};

}  // namespace net
