#pragma once
// Non-blocking loopback sockets, with or without OpenSSL on the descriptor.

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

int listen_on(std::uint16_t port);  // 127.0.0.1; throws
std::uint16_t port_of(int listener);
int accept_from(int listener);       // -1: nobody waits
int connect_to(std::uint16_t port);  // in progress; -1 when the kernel refuses

SSL_CTX* server_tls(const std::string& certificate_file, const std::string& key_file);  // throws
SSL_CTX* client_tls();                                                                  // takes any certificate

enum class Io { ok, later, gone };

class Socket {
public:
    Socket() = default;
    Socket(int descriptor, SSL_CTX* tls, bool accepting);
    ~Socket() { close(); }
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;

    int descriptor() const { return descriptor_; }
    bool tls() const { return ssl_ != nullptr; }
    // `bytes` is what was read or written.
    Io read(std::span<char> into, std::size_t& bytes);
    Io write(std::string_view from, std::size_t& bytes);
    // A handshake under way: what the last write waits for is not room.
    bool write_waits_to_read() const { return waits_to_read_; }
    void close();

private:
    Io outcome(int result);

    int descriptor_ = -1;
    SSL* ssl_ = nullptr;
    bool waits_to_read_ = false;
};

// Nanoseconds of CLOCK_MONOTONIC: the same clock in every process.
constexpr std::int64_t ms = 1'000'000;  // in now_ns()'s unit
std::int64_t now_ns();

}  // namespace bench
