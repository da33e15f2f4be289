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
        : server_(server), socket_(socket), resume_(server.loop_.timers(), [this] { listen(); }) {
        listen();
    }
    ~Acceptor() {
        server_.loop_.poller().remove(socket_, *this);
        ::close(socket_);
    }

    // Those who have connected already are not sent away.
    void take_all() {
        while (take() >= 0) {
        }
    }

private:
    static constexpr int accepts_per_turn = 32;
    static constexpr std::chrono::milliseconds rest{100};  // when there are no descriptors left
    static constexpr std::chrono::seconds complaint_interval{10};

    void listen() {
        if (!server_.loop_.poller().add(socket_, EPOLLIN, *this)) resume_.arm(server_.loop_.now() + rest);
    }

    void on_ready(std::uint32_t) override {
        for (int i = 0; i < accepts_per_turn; ++i) {
            if (take() >= 0) continue;
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                if (i == 0) make_room(errno);  // later on it may well be that nobody else waits
            }
            return;  // none left, or a client that gave up already
        }
    }

    int take() {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        const int accepted =
            ::accept4(socket_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) server_.accepted(accepted, IpAddress::of(peer));
        return accepted;
    }

    // The client waits in the kernel's queue. Those who have waited longest here make room for it; when there are none,
    // asking again at once would find the same.
    void make_room(int error) {
        EventLoop& loop = server_.loop_;
        loop.limits().reached(Limit::descriptors);
        if (loop.now() >= next_complaint_) {
            spdlog::warn("cannot accept connections reason={:?}", std::strerror(error));
            next_complaint_ = loop.now() + complaint_interval;
        }
        if (loop.waiting_room().show_out_longest()) return;
        loop.poller().remove(socket_, *this);
        resume_.arm(loop.now() + rest);
    }

    HttpServer& server_;
    int socket_;
    Timer resume_;
    Instant next_complaint_{};
};

namespace {

// Linux hands these on from the listening socket. A peer that has gone without a word, or has stopped reading, is
// noticed by the kernel: nothing arrives for so long, or what was sent is not taken for so long.
void set_for_all_accepted(int socket) {
    const auto set = [socket](int level, int name, int value) {
        ::setsockopt(socket, level, name, &value, sizeof value);
    };
    constexpr int silence_s = 30, probe_interval_s = 10, probes = 3, not_taken_ms = 30'000;
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, silence_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, probe_interval_s);
    set(IPPROTO_TCP, TCP_KEEPCNT, probes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, not_taken_ms);
}

}  // namespace

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
    set_for_all_accepted(socket);
    if (::listen(socket, SOMAXCONN) != 0) return failure("listen");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(bound).sin_port);
    acceptor_ = std::make_unique<Acceptor>(*this, guard.release());
    return {};
}

std::optional<SocketCensus::Place> HttpServer::place_for(const IpAddress& address) {
    if (options_.census == nullptr) return SocketCensus::Place();
    auto place = options_.census->take(address);
    if (!place && place.error() == Limit::sockets && loop_.waiting_room().show_out_longest()) {
        loop_.limits().reached(Limit::sockets);
        place = options_.census->take(address);
    }
    if (place) return std::move(*place);
    loop_.limits().reached(place.error());
    return std::nullopt;
}

void HttpServer::accepted(int socket, const IpAddress& from) {
    auto place = place_for(from);
    if (!place) {
        ByteStream(socket).reset();
        return;
    }
    auto session = std::make_unique<HttpSession>(
        *this, ByteStream(socket, options_.tls ? options_.tls->accept(socket) : Tls::Session{}, std::move(*place)));
    if (!session->start()) return;
    sessions_.emplace(session.get(), std::move(session));
}

void HttpServer::forget(HttpSession& session) {
    if (auto node = sessions_.extract(&session)) loop_.retire(std::move(node.mapped()));
}

void HttpServer::stop_accepting() {
    if (acceptor_) acceptor_->take_all();
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
