#pragma once
// A real redis-server on a port of its own, to be killed, frozen and started again. It keeps nothing on disk.

#include <arpa/inet.h>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <spawn.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ;

namespace test {

// A port nobody listens on now, below those that the system gives away: while a server is down, none of another test
// gets its port, and no client's connection to it ends up with itself.
inline std::uint16_t unused_port() {
    std::random_device random;
    std::uniform_int_distribution<std::uint16_t> any(10'000, 32'000);
    while (true) {
        const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(any(random));
        const bool is_free = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(probe);
        if (is_free) return ntohs(address.sin_port);
    }
}

class RedisServer {
public:
    // `options` as redis-server takes them: "--requirepass", "secret".
    explicit RedisServer(std::vector<std::string> options = {}) : options_(std::move(options)) {
        std::signal(SIGPIPE, SIG_IGN);  // as main does: hiredis writes to what may be gone
        start();
    }
    ~RedisServer() { kill(); }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    void start() {
        std::vector<std::string> words{"redis-server", "--port", std::to_string(port_), "--bind",   "127.0.0.1",
                                       "--save",       "",       "--logfile",           "/dev/null"};
        words.insert(words.end(), options_.begin(), options_.end());
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        if (::posix_spawnp(&pid_, "redis-server", nullptr, nullptr, arguments.data(), environ) != 0) pid_ = 0;
    }
    void kill() {
        if (pid_ == 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
    void freeze() const { ::kill(pid_, SIGSTOP); }
    void thaw() const { ::kill(pid_, SIGCONT); }

    std::uint16_t port() const { return port_; }

private:
    const std::uint16_t port_ = unused_port();
    std::vector<std::string> options_;
    pid_t pid_ = 0;
};

}  // namespace test
