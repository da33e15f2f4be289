#include "net/http_server.hpp"

#include "net/http_session.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace net {

// The listening socket. Accepts a bounded number at a time, so that a burst of new calls does not hold up running ones.
class HttpServer::Acceptor final : private Pollable {
public:
    Acceptor(HttpServer& server, int socket)
        : server_(server), socket_(socket), resume_(server.loop_.timers(), [this] { listen(true); }) {
        listen(true);
    }
    ~Acceptor() {
        listen(false);
        ::close(socket_);
    }

private:
    static constexpr int accepts_per_turn = 32;
    static constexpr std::chrono::milliseconds rest{100};  // when there are no descriptors left

    void listen(bool on) {
        if (on) {
            server_.loop_.poller().add(socket_, EPOLLIN, *this);
        } else {
            server_.loop_.poller().remove(socket_, *this);
        }
    }

    void on_ready(std::uint32_t) override {
        for (int i = 0; i < accepts_per_turn; ++i) {
            const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (accepted >= 0) {
                server_.accepted(accepted);
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                spdlog::warn("cannot accept connections reason={:?}", std::strerror(errno));
                listen(false);
                resume_.arm(server_.loop_.now() + rest);
                return;
            } else {
                return;  // none left, or a client that gave up already
            }
        }
    }

    HttpServer& server_;
    int socket_;
    Timer resume_;
};

HttpServer::HttpServer(EventLoop& loop, Options options, RequestHandler handler)
    : loop_(loop), options_(std::move(options)), handler_(std::move(handler)) {}

HttpServer::~HttpServer() = default;

std::expected<void, std::string> HttpServer::listen(std::uint16_t port, bool alone) {
    const auto failure = [&](const char* step) {
        return std::unexpected(
            fmt::format("cannot listen on {}:{}: {}: {}", options_.host, port, step, std::strerror(errno)));
    };
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(options_.host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
        return std::unexpected(fmt::format("cannot listen on '{}': {}", options_.host, ::gai_strerror(error)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(found, ::freeaddrinfo);
    const int socket = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return failure("socket");
    ByteStream guard(socket);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (alone && port != 0) {
        const ByteStream probe(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ::setsockopt(probe.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (::bind(probe.descriptor(), address->ai_addr, address->ai_addrlen) != 0) return failure("bind");
    }
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(socket, address->ai_addr, address->ai_addrlen) != 0) return failure("bind");
    if (::listen(socket, SOMAXCONN) != 0) return failure("listen");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(bound).sin_port);
    acceptor_ = std::make_unique<Acceptor>(*this, guard.release());
    return {};
}

void HttpServer::accepted(int socket) {
    ByteStream stream(socket, options_.tls ? options_.tls->accept(socket) : Tls::Session{});
    if (sessions_.size() >= options_.sessions_max) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto session = std::make_unique<HttpSession>(*this, std::move(stream));
    if (!session->start()) return;
    sessions_.emplace(session.get(), std::move(session));
}

void HttpServer::forget(HttpSession& session) {
    if (auto node = sessions_.extract(&session)) loop_.retire(std::move(node.mapped()));
}

void HttpServer::stop_accepting() {
    acceptor_.reset();
}

void HttpServer::close_idle_sessions() {
    draining_ = true;
    std::vector<HttpSession*> idle;
    for (const auto& [session, owner] : sessions_) {
        if (session->idle()) idle.push_back(session);
    }
    for (HttpSession* session : idle) session->close();
}

}  // namespace net
