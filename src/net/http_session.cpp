#include "net/http_session.hpp"

#include "websocket/handshake.hpp"

#include <fmt/format.h>

#include <utility>

namespace net {

namespace {

constexpr int requests_per_turn = 16;  // of one client; then it is for others to have theirs

}  // namespace

HttpSession::HttpSession(HttpServer& server, ByteStream stream)
    : server_(server),
      connection_(
          std::make_unique<Connection>(server.loop_, std::move(stream), static_cast<Connection::Handler&>(*this))),
      parser_(server.options_.limits),
      timeout_(server.loop_.timers(), [this] { on_timeout(); }),
      next_turn_(server.loop_.timers(), [this] { take_next_turn(); }),
      waits_(server.loop_.waiting_room(), [this] { shown_out(); }) {
    wait_for_request(server.options_.request_timeout);
}

HttpSession::~HttpSession() {
    if (exchange_) exchange_->session_ = nullptr;
    if (connection_ && connection_->closing()) leave(std::move(connection_));
}

void HttpSession::close() {
    connection_->close_after_sending();
    server_.forget(*this);
}

void HttpSession::wait_for_request(std::chrono::milliseconds at_most) {
    timeout_.arm(server_.loop_.now() + at_most);
    waits_.enter();
}

void HttpSession::shown_out() {
    connection_->reset();
    server_.forget(*this);
}

void HttpSession::on_bytes(std::span<char> bytes) {
    if (exchange_ || reading_requests_ || !pipelined_.empty()) {
        // Pipelining is answered in order; a client that floods us with more than one request's worth is cut off.
        const auto& limits = server_.options_.limits;
        if (pipelined_.size() + bytes.size() > limits.header_bytes_max + limits.body_bytes_max) {
            server_.loop_.limits().reached(Limit::pipelined_requests);
            return close();
        }
        pipelined_.append(bytes.data(), bytes.size());
        return;
    }
    read_requests(bytes);
}

void HttpSession::read_requests(std::span<char> bytes) {
    reading_requests_ = true;
    int answered = 0;
    while (!bytes.empty() && answered < requests_per_turn && !exchange_ && connection_ && !connection_->closing() &&
           !connection_->finished()) {
        if (parser_.idle()) wait_for_request(server_.options_.request_timeout);
        const auto used = parser_.feed(bytes);
        if (!used) return refuse(used.error());
        bytes = bytes.subspan(*used);
        if (parser_.wants_continue()) connection_->send(http::continue_response);
        request_bytes_ += *used;
        if (!parser_.complete()) {
            waits_.hold(request_bytes_);
            if (*used == 0) break;
            continue;
        }
        request_bytes_ = 0;
        timeout_.disarm();
        waits_.leave();
        exchange_ = std::make_shared<Exchange>(*this, parser_.take());
        head_only_ = exchange_->request().method == "HEAD";
        pipelined_.assign(bytes.data(), bytes.size());
        bytes = {};
        server_.handler_(exchange_);
        if (!exchange_ && connection_ && !connection_->closing()) {  // answered already
            waiting_.swap(pipelined_);
            pipelined_.clear();
            bytes = waiting_;
            ++answered;
        }
    }
    reading_requests_ = false;
    if (answered == requests_per_turn && !bytes.empty()) yield_to_others(bytes);
}

// The rest has its turn with the next tick. Until then nothing more is read: the client is slowed down, not cut off.
void HttpSession::yield_to_others(std::span<const char> rest) {
    pipelined_.assign(rest.data(), rest.size());
    connection_->pause_reading(true);
    next_turn_.arm(server_.loop_.now());
}

void HttpSession::take_next_turn() {
    connection_->pause_reading(false);
    read_pipelined();
}

void HttpSession::read_pipelined() {
    std::string waiting = std::exchange(pipelined_, {});
    read_requests(waiting);
}

void HttpSession::exchange_complete(bool keep_alive) {
    served_ = true;
    exchange_->session_ = nullptr;
    exchange_.reset();
    chunked_ = false;
    if (!keep_alive || server_.draining_) return close();
    wait_for_request(server_.options_.idle_timeout);
    if (!reading_requests_ && !pipelined_.empty()) read_pipelined();
}

void HttpSession::refuse(const http::Response& response) {
    if (response.status == 431) server_.loop_.limits().reached(Limit::request_head);
    if (response.status == 413) server_.loop_.limits().reached(Limit::request_body);
    if (response.status == 408) server_.loop_.limits().reached(Limit::request_time);
    connection_->send(http::write(response, false));
    close();
}

void HttpSession::on_timeout() {
    if (parser_.idle()) {
        server_.loop_.limits().reached(Limit::idle_time);
        return close();
    }
    refuse(http::error(408, "The request did not arrive in time."));
}

void HttpSession::on_closed(CloseReason) {
    if (exchange_) {
        exchange_->session_ = nullptr;
        if (exchange_->on_gone) exchange_->on_gone();
    }
    server_.forget(*this);
}

Exchange::Exchange(HttpSession& session, http::Request request)
    : session_(&session), request_(std::move(request)), peer_(session.connection_->peer()) {}

void Exchange::answer(const http::Response& response) {
    if (session_ == nullptr) return;
    const bool keep_alive = request_.keep_alive && !session_->server_.draining_;
    session_->connection_->send(http::write(response, keep_alive, session_->head_only_));
    session_->exchange_complete(keep_alive);
}

void Exchange::begin_chunks(const http::Response& head) {
    if (session_ == nullptr) return;
    session_->chunked_ = true;
    session_->connection_->send(http::write_chunked_head(head, request_.keep_alive));
}

void Exchange::send_chunk(std::string_view bytes) {
    if (session_ == nullptr || bytes.empty() || session_->head_only_) return;
    session_->connection_->send(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
}

void Exchange::end_chunks() {
    if (session_ == nullptr) return;
    if (!session_->head_only_) session_->connection_->send("0\r\n\r\n");
    session_->exchange_complete(request_.keep_alive);
}

std::size_t Exchange::queued_bytes() const {
    return session_ == nullptr ? 0 : session_->connection_->queued_bytes();
}

void Exchange::begin_body(const http::Response& head, std::uint64_t body_bytes) {
    if (session_ == nullptr) return;
    session_->connection_->send(http::write_head(head, body_bytes, request_.keep_alive));
}

void Exchange::send_body(std::string_view bytes) {
    if (session_ != nullptr && !session_->head_only_) session_->connection_->send(bytes);
}

void Exchange::end_body() {
    if (session_ != nullptr) session_->exchange_complete(request_.keep_alive);
}

void Exchange::abort() {
    if (session_ == nullptr) return;
    HttpSession& session = *std::exchange(session_, nullptr);
    session.connection_->reset();
    session.server_.forget(session);
}

void Exchange::cut_off(std::string_view bytes) {
    if (session_ == nullptr) return;
    session_->connection_->send(bytes);
    session_->exchange_complete(false);
}

std::unique_ptr<Exchange::Upgraded> Exchange::upgrade() {
    if (session_ == nullptr) return nullptr;
    const auto answered = websocket::answer_upgrade({.method = request_.method,
                                                     .connection = request_.header("Connection"),
                                                     .upgrade = request_.header("Upgrade"),
                                                     .version = request_.header("Sec-WebSocket-Version"),
                                                     .key = request_.header("Sec-WebSocket-Key")});
    if (!answered) {
        if (answered.error() == websocket::UpgradeError::bad_version) {
            auto refusal = http::error(426, "This server speaks WebSocket version 13.");
            refusal.headers.emplace_back("Sec-WebSocket-Version", "13");
            answer(refusal);
        } else if (answered.error() == websocket::UpgradeError::not_get) {
            answer(http::error(405, "A WebSocket is opened with GET."));
        } else {
            answer(http::error(400, "This address expects a WebSocket upgrade."));
        }
        return nullptr;
    }
    HttpSession& session = *std::exchange(session_, nullptr);
    session.exchange_.reset();
    session.connection_->send(*answered);
    auto upgraded = std::make_unique<Upgraded>(std::move(session.connection_), std::move(session.pipelined_));
    session.server_.forget(session);
    return upgraded;
}

}  // namespace net
