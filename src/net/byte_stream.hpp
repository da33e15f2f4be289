#pragma once
// A connected, non-blocking TCP socket that reads and writes bytes. The one place that knows whether TLS lies between.

#include "net/socket_census.hpp"
#include "net/tls.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace net {

struct IoResult {
    enum class Status { ok, would_block, closed, failed };
    Status status = Status::ok;
    std::size_t bytes = 0;
    int error = 0;  // errno when failed
};

class ByteStream {
public:
    ByteStream() = default;
    explicit ByteStream(int socket, Tls::Session tls = {}, SocketCensus::Place place = {})
        : socket_(socket), tls_(std::move(tls)), place_(std::move(place)) {}  // takes them over
    ~ByteStream();
    ByteStream(ByteStream&& other) noexcept;
    ByteStream& operator=(ByteStream&& other) noexcept;

    int descriptor() const { return socket_; }
    bool open() const { return socket_ >= 0; }
    void proven() { place_.proven(); }  // see SocketCensus

    IoResult read_some(std::span<char> into);
    IoResult write_some(std::string_view bytes);
    // TLS reads ahead: bytes of the peer that have left the socket and were not handed out yet.
    bool holds_input() const;
    // TLS may have to write before it can read, and the reverse: what the last would_block waits for.
    bool read_waits_to_write() const { return read_waits_to_write_; }
    bool write_waits_to_read() const { return write_waits_to_read_; }
    void shut_down_writing();
    void reset();  // closes at once, with a TCP reset instead of a farewell
    void close();
    int release() { return std::exchange(socket_, -1); }  // gives a plain socket away

private:
    IoResult tls_outcome(int result, int other, bool& waits_for_other);

    int socket_ = -1;
    Tls::Session tls_;  // null: plain
    SocketCensus::Place place_;
    bool read_waits_to_write_ = false, write_waits_to_read_ = false;
};

// "203.0.113.7:4711" of the other end; empty when unknown.
std::string peer_address(int socket);

}  // namespace net
