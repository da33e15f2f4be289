#pragma once
// One client connection of an HttpServer, from accept to close or upgrade: one request at a time, in order.

#include "http/message.hpp"
#include "net/connection.hpp"
#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace net {

class HttpSession final : private Connection::Handler {
public:
    HttpSession(HttpServer& server, ByteStream stream);
    ~HttpSession();

    bool start() { return connection_->start(); }
    bool idle() const { return served_ && !exchange_ && pipelined_.empty() && parser_.idle(); }  // between two requests
    void close();

private:
    friend class Exchange;

    void on_bytes(std::span<char> bytes) override;
    void on_closed(CloseReason reason) override;
    void read_requests(std::span<char> bytes);
    void yield_to_others(std::span<const char> rest);
    void take_next_turn();
    void read_pipelined();
    void on_timeout();
    void exchange_complete(bool keep_alive);
    void refuse(const http::Response& response);
    void wait_for_request(std::chrono::milliseconds at_most);
    void shown_out();

    HttpServer& server_;
    std::unique_ptr<Connection> connection_;
    http::RequestParser parser_;
    Timer timeout_, next_turn_;
    WaitingRoom::Guest waits_;            // whenever no request is being answered
    std::size_t request_bytes_ = 0;       // of the request that is arriving
    std::shared_ptr<Exchange> exchange_;  // the request being answered
    std::string pipelined_;               // what came behind it, or behind enough of them for one turn of the loop
    std::string waiting_;                 // the part of that which is being read
    bool served_ = false, head_only_ = false, chunked_ = false, reading_requests_ = false;
};

}  // namespace net
