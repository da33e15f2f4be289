#include "gateway/supervision.hpp"

#include "tests/gateway/clip_fixture.hpp"
#include "tests/net/http_client_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

// The service manager: hears datagrams at an address as systemd would give it.
class NotifySocket {
public:
    explicit NotifySocket(std::string address) : address_(std::move(address)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, address_.data(), address_.size());
        if (address_[0] == '@') name.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&name), size), 0) << std::strerror(errno);
    }
    ~NotifySocket() { ::close(socket_); }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    const std::string& address() const { return address_; }
    std::vector<std::string>& heard() {
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0; (size = ::recv(socket_, buffer.data(), buffer.size(), 0)) >= 0;) {
            heard_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
        }
        return heard_;
    }
    std::ptrdiff_t signs_of_life() {
        return std::ranges::count_if(heard(), [](const std::string& text) { return text.starts_with("WATCHDOG=1\n"); });
    }

private:
    std::string address_;
    int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    std::vector<std::string> heard_;
};

class SupervisionTest : public testing::Test {
protected:
    test::TemporaryDirectory directory;
    NotifySocket manager{(directory / "notify").string()};
    net::EventLoop first, second;

    gateway::Supervision supervision(gateway::Supervision::Options options) {
        return {{&first, &second}, std::move(options), [] { return "taking calls, calls: 3"; }};
    }
};

TEST_F(SupervisionTest, tells_that_it_is_ready_and_with_what) {
    auto told = supervision({.notify_socket = manager.address()});
    EXPECT_TRUE(manager.heard().empty());
    told.ready();
    ASSERT_FALSE(manager.heard().empty());
    EXPECT_EQ(manager.heard().front(), "READY=1\nSTATUS=taking calls, calls: 3");
    EXPECT_EQ(manager.signs_of_life(), 0) << "nobody asked for them";
}

TEST_F(SupervisionTest, is_alive_while_every_loop_answers) {
    auto told = supervision({.notify_socket = manager.address(), .watchdog = 40ms});
    told.ready();
    EXPECT_TRUE(test::run_until(first, [&] {
        second.settle();
        return manager.signs_of_life() >= 5;
    }));
}

TEST_F(SupervisionTest, falls_silent_when_a_loop_hangs) {
    auto told = supervision({.notify_socket = manager.address(), .watchdog = 40ms});
    told.ready();
    EXPECT_EQ(manager.signs_of_life(), 1);
    bool over = false;
    net::Timer ten_looks(first.timers(), [&] { over = true; });
    ten_looks.arm(first.now() + 100ms);
    EXPECT_TRUE(test::run_until(first, [&] { return over; }));
    EXPECT_EQ(manager.signs_of_life(), 1) << "the second loop has not answered";
    EXPECT_TRUE(test::run_until(first, [&] {
        second.settle();
        return manager.signs_of_life() >= 2;
    }));
}

TEST_F(SupervisionTest, asks_for_the_time_to_drain) {
    auto told = supervision({.notify_socket = manager.address()});
    told.stopping(600s);
    ASSERT_EQ(manager.heard().size(), 1U);
    EXPECT_EQ(manager.heard()[0], "STOPPING=1\nEXTEND_TIMEOUT_USEC=630000000\nSTATUS=taking calls, calls: 3");
}

TEST_F(SupervisionTest, knows_abstract_addresses) {
    NotifySocket abstract("@mouthpiece-test-" + std::to_string(::getpid()));
    supervision({.notify_socket = abstract.address()}).ready();
    EXPECT_FALSE(abstract.heard().empty());
}

TEST_F(SupervisionTest, needs_nobody_to_listen) {
    for (const std::string& address : {std::string(), (directory / "nobody").string(), std::string(500, 'x')}) {
        auto told = supervision({.notify_socket = address, .watchdog = 40ms});
        told.ready();
        told.stopping(1s);
    }
    EXPECT_TRUE(manager.heard().empty());
}

}  // namespace
