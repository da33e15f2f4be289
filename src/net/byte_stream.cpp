#include "net/byte_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace net {

namespace {

IoResult failure(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return {IoResult::Status::would_block, 0, 0};
    return {IoResult::Status::failed, 0, error};
}

}  // namespace

ByteStream::~ByteStream() {
    close();
}

ByteStream::ByteStream(ByteStream&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      tls_(std::move(other.tls_)),
      place_(std::move(other.place_)),
      read_waits_to_write_(other.read_waits_to_write_),
      write_waits_to_read_(other.write_waits_to_read_) {}

ByteStream& ByteStream::operator=(ByteStream&& other) noexcept {
    if (this != &other) {
        close();
        socket_ = std::exchange(other.socket_, -1);
        tls_ = std::move(other.tls_);
        place_ = std::move(other.place_);
        read_waits_to_write_ = other.read_waits_to_write_;
        write_waits_to_read_ = other.write_waits_to_read_;
    }
    return *this;
}

// What a failed SSL_read or SSL_write means. `other` is the direction it may wait for although it goes the opposite
// way.
IoResult ByteStream::tls_outcome(int result, int other, bool& waits_for_other) {
    const int error = SSL_get_error(tls_.get(), result);
    waits_for_other = error == other;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {IoResult::Status::would_block, 0, 0};
    if (error == SSL_ERROR_ZERO_RETURN) return {IoResult::Status::closed, 0, 0};
    return {IoResult::Status::failed, 0, error == SSL_ERROR_SYSCALL && errno != 0 ? errno : EPROTO};
}

IoResult ByteStream::read_some(std::span<char> into) {
    if (tls_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(tls_.get(), into.data(), into.size(), &got);
        read_waits_to_write_ = false;
        if (result == 1) return {IoResult::Status::ok, got, 0};
        return tls_outcome(result, SSL_ERROR_WANT_WRITE, read_waits_to_write_);
    }
    const ssize_t got = ::recv(socket_, into.data(), into.size(), 0);
    if (got > 0) return {IoResult::Status::ok, static_cast<std::size_t>(got), 0};
    return got == 0 ? IoResult{IoResult::Status::closed, 0, 0} : failure(errno);
}

bool ByteStream::holds_input() const {
    return tls_ && SSL_has_pending(tls_.get()) == 1;
}

IoResult ByteStream::write_some(std::string_view bytes) {
    if (tls_) {
        ERR_clear_error();
        std::size_t sent = 0;
        const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
        write_waits_to_read_ = false;
        if (result == 1) return {IoResult::Status::ok, sent, 0};
        return tls_outcome(result, SSL_ERROR_WANT_READ, write_waits_to_read_);
    }
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent >= 0 ? IoResult{IoResult::Status::ok, static_cast<std::size_t>(sent), 0} : failure(errno);
}

void ByteStream::shut_down_writing() {
    if (tls_) SSL_shutdown(tls_.get());
    if (socket_ >= 0) ::shutdown(socket_, SHUT_WR);
}

void ByteStream::reset() {
    if (socket_ < 0) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void ByteStream::close() {
    tls_.reset();
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    place_.give_back();
}

std::string peer_address(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    char text[INET6_ADDRSTRLEN] = {};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        return fmt::format("{}:{}", text, ntohs(v4.sin_port));
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
}

}  // namespace net
