#pragma once
// A plain blocking TCP client on the test's own thread, to speak to a server on another. Gives up after ten seconds.

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace test {

class Client {
public:
    Client() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {}
    explicit Client(std::uint16_t port) : Client() { connect(port); }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void connect(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    void send(std::string_view text) {
        EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
    }
    // Everything up to and including `end`, or to the end of the connection.
    std::string read_until(std::string_view end) {
        std::string got;
        char byte;
        while (!got.ends_with(end) && ::recv(socket_, &byte, 1, 0) == 1) got.push_back(byte);
        return got;
    }
    std::string read(std::size_t size) {
        std::string got(size, '\0');
        const ssize_t count = ::recv(socket_, got.data(), size, MSG_WAITALL);
        got.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return got;
    }
    // False when the other end has gone.
    bool try_send(std::string_view text) { return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0; }
    bool closed() {
        char byte;
        return ::recv(socket_, &byte, 1, 0) == 0;
    }
    bool reset() {
        char byte;
        return ::recv(socket_, &byte, 1, 0) < 0 && errno == ECONNRESET;
    }

private:
    int socket_;
};

}  // namespace test
