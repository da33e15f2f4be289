#include "net/byte_stream.hpp"

#include <cerrno>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

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

ByteStream::ByteStream(ByteStream&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

ByteStream& ByteStream::operator=(ByteStream&& other) noexcept {
    if (this != &other) {
        close();
        socket_ = std::exchange(other.socket_, -1);
    }
    return *this;
}

IoResult ByteStream::read_some(std::span<char> into) {
    const ssize_t got = ::recv(socket_, into.data(), into.size(), 0);
    if (got > 0) return {IoResult::Status::ok, static_cast<std::size_t>(got), 0};
    return got == 0 ? IoResult{IoResult::Status::closed, 0, 0} : failure(errno);
}

IoResult ByteStream::write_some(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent >= 0 ? IoResult{IoResult::Status::ok, static_cast<std::size_t>(sent), 0} : failure(errno);
}

void ByteStream::shut_down_writing() {
    if (socket_ >= 0) ::shutdown(socket_, SHUT_WR);
}

void ByteStream::reset() {
    if (socket_ < 0) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void ByteStream::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
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
