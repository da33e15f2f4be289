#pragma once
// HTTP/1.1 requests and responses as values, and their text. The grammar of requests is Boost.Beast's parser's, used
// without its I/O; on top of it stand the rules that keep a proxy and us from disagreeing about where a request ends
// (RFC 9112 section 6).

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

struct Request {
    std::string method;  // "GET"
    std::string target;  // as sent: path and query, possibly after scheme and host (absolute form)
    std::vector<std::pair<std::string, std::string>> headers;  // in order, names as sent; no trailers
    std::string body;
    bool keep_alive = true;

    std::string_view path() const;   // target up to '?', without scheme and host
    std::string_view query() const;  // after '?', empty if none
    // First value of the header, matched without regard to case; empty when absent.
    std::string_view header(std::string_view name) const;
    std::vector<std::string_view> all(std::string_view name) const;  // its values, in order
};

struct Response {
    int status = 200;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // further ones; line ends in them are dropped
};

// {"detail": "…"} with the status: every refusal of this server has this shape.
Response error(int status, std::string_view detail);
Response json(std::string body);
Response xml(std::string body);

std::string_view reason_phrase(int status);

// The whole response, with Content-Length and Connection. `head_only` answers a HEAD request. There is no Date: this
// layer reads no clock, and RFC 9110 section 6.6.1 lets a sender do without one; a caller who wants it puts it among
// the headers.
std::string write(const Response& response, bool keep_alive, bool head_only = false);

// The head of a response whose body follows in chunks (RFC 9112, 7.1); its `body` is not looked at.
std::string write_chunked_head(const Response& response, bool keep_alive);

// The head of a response whose body of `body_bytes` follows; its `body` is not looked at.
std::string write_head(const Response& response, std::uint64_t body_bytes, bool keep_alive);

// The interim answer to a request whose wants_continue() was true.
inline constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

// Reads the requests of one connection, one after another.
class RequestParser {
public:
    struct Limits {
        std::size_t header_bytes_max = 16 * 1024;  // request line and fields together; at most 100 fields
        std::size_t body_bytes_max = 64 * 1024;
    };
    explicit RequestParser(Limits limits);
    ~RequestParser();
    RequestParser(RequestParser&&) noexcept;
    RequestParser& operator=(RequestParser&&) noexcept;

    // Takes the input it can use and says how much that was. When complete() is true afterwards, take() the request;
    // the rest of the input belongs to the next request (or to the WebSocket, after an upgrade). On error the response
    // to send before closing: 400, 413, 431 or 505; it is given again if more is fed.
    std::expected<std::size_t, Response> feed(std::span<const char> input);
    bool complete() const;
    bool idle() const;  // nothing of a request has arrived yet; an idle parser holds no memory
    Request take();     // and starts afresh

    // True once when the client waits for "100 Continue" before it sends the body.
    bool wants_continue();

private:
    struct State;
    Limits limits_;
    std::unique_ptr<State> state_;  // of the request that is arriving
};

}  // namespace http
