#include "wire/socket.hpp"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void send_at_once(int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(listener, 4096) != 0) fail("listen");
    return listener;
}

std::uint16_t port_of(int listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

int accept_from(int listener) {
    const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) send_at_once(accepted);
    return accepted;
}

int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    send_at_once(descriptor);
    const sockaddr_in address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EINPROGRESS)
        return descriptor;
    ::close(descriptor);
    return -1;
}

SSL_CTX* server_tls(const std::string& certificate_file, const std::string& key_file) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("cannot use the certificate or its key");
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

SSL_CTX* client_tls() {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

Socket::Socket(int descriptor, SSL_CTX* tls, bool accepting) : descriptor_(descriptor) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, descriptor);
    accepting ? SSL_set_accept_state(ssl_) : SSL_set_connect_state(ssl_);
}

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(ssl_, other.ssl_);
    return *this;
}

Io Socket::outcome(int result) {
    const int error = SSL_get_error(ssl_, result);
    ERR_clear_error();
    waits_to_read_ = error == SSL_ERROR_WANT_READ;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Io::later : Io::gone;
}

Io Socket::read(std::span<char> into, std::size_t& bytes) {
    bytes = 0;
    if (ssl_ != nullptr) {
        const int result = SSL_read_ex(ssl_, into.data(), into.size(), &bytes);
        return result == 1 ? Io::ok : outcome(result);
    }
    const ssize_t result = ::read(descriptor_, into.data(), into.size());
    if (result > 0) bytes = static_cast<std::size_t>(result);
    return result > 0 ? Io::ok : result < 0 && (errno == EAGAIN || errno == EINTR) ? Io::later : Io::gone;
}

Io Socket::write(std::string_view from, std::size_t& bytes) {
    bytes = 0;
    if (ssl_ != nullptr) {
        const int result = SSL_write_ex(ssl_, from.data(), from.size(), &bytes);
        return result == 1 ? Io::ok : outcome(result);
    }
    waits_to_read_ = false;
    const ssize_t result = ::send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL);
    if (result >= 0) bytes = static_cast<std::size_t>(result);
    return result >= 0 ? Io::ok : errno == EAGAIN || errno == EINTR ? Io::later : Io::gone;
}

void Socket::close() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (descriptor_ >= 0) ::close(descriptor_);
    ssl_ = nullptr;
    descriptor_ = -1;
}

}  // namespace bench
