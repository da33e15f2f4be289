#pragma once
// HTTP/1.1 on one loop: a listening socket of its own (SO_REUSEPORT, so that every loop has one on the same port) and
// the sessions it accepts. Requests go to one handler, which may answer at once or later, in one piece or in chunks, or
// take over the connection.

#include "http/message.hpp"
#include "net/connection.hpp"
#include "net/socket_census.hpp"
#include "net/tls.hpp"
#include "net/websocket.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace net {

class HttpSession;

// One request and its answer. Safe to keep and to answer after the client has gone.
class Exchange {
public:
    Exchange(HttpSession& session, http::Request request);

    const http::Request& request() const { return request_; }
    const std::string& peer() const { return peer_; }
    bool gone() const { return session_ == nullptr; }  // nobody is there to hear the answer

    void answer(const http::Response& response);

    // An answer in chunks: begin, any number of send, then end, or abort to break off in the middle.
    void begin_chunks(const http::Response& head);
    void send_chunk(std::string_view bytes);
    void end_chunks();
    // An answer of known length in pieces. Whoever sends much looks at queued_bytes() and waits: more than a
    // connection's queue holds breaks it off.
    void begin_body(const http::Response& head, std::uint64_t body_bytes);
    void send_body(std::string_view bytes);
    void end_body();
    void abort();                      // resets the connection
    std::size_t queued_bytes() const;  // of what was sent and the client has not taken
    // Sends these bytes as they are in place of an answer, or of its rest, and ends the connection: for doubles that
    // misbehave.
    void cut_off(std::string_view bytes);

    // Answers a valid WebSocket upgrade with 101 and takes the connection over; an invalid one with the error it
    // deserves and returns null. The caller then constructs a net::WebSocket with it and calls start(early).
    struct Upgraded {
        std::unique_ptr<Connection> connection;
        std::string early;  // bytes behind the request
    };
    std::unique_ptr<Upgraded> upgrade();

    std::function<void()> on_gone;  // called when the client goes before the answer is complete

private:
    friend class HttpSession;
    HttpSession* session_;
    http::Request request_;
    std::string peer_;
};

class HttpServer {
public:
    struct Options {
        std::string host = "0.0.0.0";
        http::RequestParser::Limits limits{};
        std::chrono::milliseconds request_timeout{10'000};  // from the first byte of a request to its last
        std::chrono::milliseconds idle_timeout{60'000};     // between requests
        std::shared_ptr<const Tls> tls{};                   // null: plain HTTP
        SocketCensus* census = nullptr;                     // of all loops; null: not bounded
    };
    using RequestHandler = std::function<void(std::shared_ptr<Exchange>)>;

    HttpServer(EventLoop& loop, Options options, RequestHandler handler);
    ~HttpServer();

    // Binds and listens; port 0: any free one. The error is a sentence. `alone` checks first that nobody listens there
    // yet: SO_REUSEPORT would share the port with another process without a word.
    std::expected<void, std::string> listen(std::uint16_t port, bool alone = true);
    std::uint16_t port() const { return port_; }

    void use_tls(std::shared_ptr<const Tls> tls) { options_.tls = std::move(tls); }  // for connections from now on

    void stop_keeping_alive() { draining_ = true; }  // each connection ends with its next answer
    void stop_accepting();
    void close_idle_sessions();  // and lets the busy ones finish their request
    std::size_t session_count() const { return sessions_.size(); }

private:
    friend class HttpSession;
    friend class Exchange;
    class Acceptor;
    void accepted(int socket, const IpAddress& from);
    std::optional<SocketCensus::Place> place_for(const IpAddress& address);
    void forget(HttpSession& session);

    EventLoop& loop_;
    Options options_;
    RequestHandler handler_;
    std::uint16_t port_ = 0;
    bool draining_ = false;
    std::unique_ptr<Acceptor> acceptor_;
    std::unordered_map<HttpSession*, std::unique_ptr<HttpSession>> sessions_;  // bounded by the loop's WaitingRoom
};

}  // namespace net
