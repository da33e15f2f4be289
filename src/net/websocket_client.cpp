#include "net/websocket_client.hpp"

#include "net/resolver.hpp"
#include "websocket/handshake.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

namespace net {

std::expected<WebSocketTarget, std::string> parse_websocket_url(std::string_view url) {
    WebSocketTarget target;
    if (url.starts_with("wss://")) {
        target.tls = true;
        url.remove_prefix(6);
    } else if (url.starts_with("ws://")) {
        url.remove_prefix(5);
    } else {
        return std::unexpected(fmt::format("'{}' is not a ws:// or wss:// address", url));
    }
    const std::size_t path = std::min(url.find_first_of("/?"), url.size());
    std::string_view authority = url.substr(0, path);
    if (path < url.size()) target.target = url[path] == '/' ? url.substr(path) : fmt::format("/{}", url.substr(path));
    target.port = target.tls ? 443 : 80;
    const std::size_t colon = authority.rfind(':');
    if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
        if (error != std::errc{} || end != port.data() + port.size() || target.port == 0) {
            return std::unexpected(fmt::format("'{}' is not a port", port));
        }
        authority = authority.substr(0, colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
    if (authority.empty()) return std::unexpected(std::string("the address has no host"));
    target.host = authority;
    return target;
}

// Resolves, connects to one address after the other, sends the request, reads the answer. Ends with one call of done_.
struct WebSocketConnector::Attempt final : Pollable, Connection::Handler {
    Attempt(EventLoop& event_loop, WebSocketTarget where, Done when_done)
        : loop(event_loop),
          target(std::move(where)),
          done(std::move(when_done)),
          deadline(loop.timers(), [this] { refuse("no answer in time"); }) {
        deadline.arm(loop.now() + target.timeout);
        lookup = loop.resolver().look_up(target.host, target.port, [this](Resolver::Result found) {
            if (!found) return refuse(found.error());
            addresses = std::move(*found);
            connect_next();
        });
    }

    ~Attempt() { abandon_socket(); }

    void abandon_socket() {
        if (connecting.open()) loop.poller().remove(connecting.descriptor(), *this);
        connecting.close();
    }

    void connect_next() {
        while (next < addresses.size()) {
            const auto& [storage, size] = addresses[next++];
            connecting = ByteStream(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            if (!connecting.open()) return refuse(std::strerror(errno));
            const int on = 1;
            ::setsockopt(connecting.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const int result = ::connect(connecting.descriptor(), reinterpret_cast<const sockaddr*>(&storage), size);
            if ((result == 0 || errno == EINPROGRESS) && loop.poller().add(connecting.descriptor(), EPOLLOUT, *this))
                return;
            last_error = errno;
            connecting.close();
        }
        refuse(std::strerror(last_error));
    }

    void on_ready(std::uint32_t) override {
        socklen_t size = sizeof last_error;
        ::getsockopt(connecting.descriptor(), SOL_SOCKET, SO_ERROR, &last_error, &size);
        loop.poller().remove(connecting.descriptor(), *this);
        if (last_error != 0) {
            connecting.close();
            return connect_next();
        }
        if (target.tls && !secure()) return refuse("TLS is not set up");
        connection = std::make_unique<Connection>(loop, std::move(connecting), *this);
        if (!connection->start()) return refuse("too many open sockets");
        char random[16];
        RAND_bytes(reinterpret_cast<unsigned char*>(random), sizeof random);
        key = websocket::new_key({random, sizeof random});
        connection->send(websocket::write_upgrade_request(
            {.host = host_header(), .target = target.target, .key = key, .headers = target.headers}));
    }

    std::string host_header() const {
        if (!target.host_header.empty()) return target.host_header;
        const bool default_port = target.port == (target.tls ? 443 : 80);
        return default_port ? target.host : fmt::format("{}:{}", target.host, target.port);
    }

    bool secure() {
        auto session =
            target.authorities ? target.authorities->connect(connecting.descriptor(), target.host) : Tls::Session{};
        if (!session) return false;
        connecting = ByteStream(connecting.release(), std::move(session));
        return true;
    }

    void on_bytes(std::span<char> bytes) override {
        received.append(bytes.data(), bytes.size());
        const auto response = websocket::read_upgrade_response(received, key);
        if (!response) return refuse("the answer is not a WebSocket handshake");
        if (response->status == 0) return;  // more to come
        if (response->status != 101) {
            return end(std::unexpected(
                WebSocketRefusal{response->status, fmt::format("HTTP {}", response->status), response->body}));
        }
        end(Opened{std::move(connection), received.substr(response->header_bytes)});
    }

    void on_closed(CloseReason) override { refuse("the server closed the connection"); }

    void refuse(std::string reason) { end(std::unexpected(WebSocketRefusal{0, std::move(reason), {}})); }

    void end(std::expected<Opened, WebSocketRefusal> result) {
        if (!done) return;
        deadline.disarm();
        abandon_socket();
        std::exchange(done, nullptr)(std::move(result));  // may destroy the connector, and so this
    }

    EventLoop& loop;
    WebSocketTarget target;
    Done done;
    Timer deadline;
    Resolver::Lookup lookup;
    std::vector<SocketAddress> addresses;
    std::size_t next = 0;
    ByteStream connecting;
    int last_error = 0;
    std::unique_ptr<Connection> connection;
    std::string key, received;
};

WebSocketConnector::WebSocketConnector(EventLoop& loop, WebSocketTarget target, Done done)
    : attempt_(std::make_unique<Attempt>(loop, std::move(target), std::move(done))) {}

WebSocketConnector::~WebSocketConnector() {
    if (!attempt_) return;
    attempt_->done = nullptr;
    attempt_->deadline.disarm();
    attempt_->lookup.reset();
    EventLoop& loop = attempt_->loop;
    loop.retire(std::move(attempt_));  // may be inside one of its callbacks
}

}  // namespace net
