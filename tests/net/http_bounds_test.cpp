// What strangers may take up of an HTTP server, over real sockets: the loop runs on a thread of its own, the test plays
// the strangers.

#include "net/blocking_client.hpp"
#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using test::Client;

constexpr const char* request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpBounds : public testing::Test {
protected:
    ~HttpBounds() override {
        loop.stop();
        thread.reset();
        server.reset();
        loop.settle();
    }

    std::uint16_t serve(net::HttpServer::Options options = {}, net::WaitingRoom::Bounds waiting = {}) {
        options.host = "127.0.0.1";
        options.census = census ? &*census : nullptr;
        loop.waiting_room().set_bounds(waiting);
        server.emplace(loop, options, [](const std::shared_ptr<net::Exchange>& exchange) {
            exchange->answer({.status = 200, .content_type = "text/plain", .body = "ok", .headers = {}});
        });
        EXPECT_TRUE(server->listen(0));
        thread.emplace([this] { loop.run(); });
        return server->port();
    }
    static bool is_answered(Client& client) {
        client.send(request);
        return client.read_until("ok").ends_with("ok");
    }
    bool comes_to(Limit limit, std::uint64_t count) {
        const auto end = net::Clock::now() + 10s;
        while (loop.limits().of(limit) < count && net::Clock::now() < end) std::this_thread::sleep_for(1ms);
        return loop.limits().of(limit) == count;
    }

    std::optional<net::SocketCensus> census;
    net::EventLoop loop;
    std::optional<net::HttpServer> server;
    std::optional<std::jthread> thread;
};

TEST_F(HttpBounds, requests_that_never_end_push_each_other_out_and_nobody_else) {
    const auto port = serve({}, {.guests_max = 4});
    std::deque<Client> slow;
    for (int i = 0; i < 4; ++i) {
        slow.emplace_back(port).send("POST / HTTP/1.1\r\nHo");
    }
    Client honest(port);  // its connection alone takes the place of the one that has waited longest
    EXPECT_TRUE(slow[0].reset());
    EXPECT_TRUE(is_answered(honest));
    EXPECT_TRUE(comes_to(Limit::waiting_sockets, 1));
    EXPECT_TRUE(is_answered(honest)) << "and so it goes on";
    slow.emplace_back(port);
    EXPECT_TRUE(slow[1].reset());
}

TEST_F(HttpBounds, half_sent_bodies_are_bounded_in_all) {
    const auto port = serve({}, {.bytes_max = 100'000});
    std::deque<Client> slow;
    const std::string half = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + std::string(40'000, 'x');
    for (int i = 0; i < 3; ++i) slow.emplace_back(port).send(half);
    EXPECT_TRUE(comes_to(Limit::waiting_bytes, 1));
    EXPECT_TRUE(slow[0].reset());
    slow[2].send(std::string(20'000, 'x'));
    EXPECT_TRUE(slow[2].read_until("ok").ends_with("ok"));
}

TEST_F(HttpBounds, connections_of_one_address_are_bounded) {
    census.emplace(net::SocketCensus::Bounds{.per_address_max = 2});
    const auto port = serve();
    Client first(port), second(port);
    EXPECT_TRUE(is_answered(first) && is_answered(second));
    {
        Client third(port);
        EXPECT_TRUE(third.reset());
    }
    EXPECT_TRUE(comes_to(Limit::sockets_per_address, 1));
    EXPECT_TRUE(is_answered(first));
    EXPECT_EQ(census->sockets(), 2u);
}

TEST_F(HttpBounds, at_the_bound_of_all_connections_an_idle_one_makes_room) {
    census.emplace(net::SocketCensus::Bounds{.sockets_max = 2});
    const auto port = serve();
    Client first(port), second(port);
    EXPECT_TRUE(is_answered(first) && is_answered(second));
    Client third(port);
    EXPECT_TRUE(is_answered(third));
    EXPECT_TRUE(first.reset());
    EXPECT_TRUE(comes_to(Limit::sockets, 1));
}

TEST_F(HttpBounds, every_place_is_given_back) {
    census.emplace(net::SocketCensus::Bounds{});
    const auto port = serve();
    {
        Client asked(port), refused(port), silent(port);
        EXPECT_TRUE(is_answered(asked));
        refused.send("no HTTP\r\n\r\n");
        EXPECT_TRUE(refused.read_until("}").starts_with("HTTP/1.1 400 "));
        EXPECT_EQ(census->sockets(), 3u);
    }
    const auto end = net::Clock::now() + 10s;
    while (census->sockets() > 0 && net::Clock::now() < end) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(census->sockets(), 0u);
}

TEST_F(HttpBounds, what_is_refused_is_counted_by_its_bound) {
    const auto port = serve({.request_timeout = 200ms, .idle_timeout = 200ms});
    Client head(port), body(port), slow(port), idle(port);
    head.send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
    EXPECT_TRUE(head.read_until("}").starts_with("HTTP/1.1 431 "));
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_TRUE(body.read_until("}").starts_with("HTTP/1.1 413 "));
    slow.send("GET / HT");
    EXPECT_TRUE(slow.read_until("}").starts_with("HTTP/1.1 408 "));
    EXPECT_TRUE(idle.closed());
    for (const Limit limit : {Limit::request_head, Limit::request_body, Limit::request_time, Limit::idle_time})
        EXPECT_TRUE(comes_to(limit, 1)) << limit_names[static_cast<std::size_t>(limit)];
}

TEST_F(HttpBounds, one_who_goes_on_sending_after_a_refusal_is_cut_off) {
    const auto port = serve();
    Client client(port);
    client.send("no HTTP\r\n\r\n");
    const std::string garbage(100'000, 'x');
    while (client.try_send(garbage)) {
    }
    EXPECT_TRUE(comes_to(Limit::farewell, 1));
}

// Takes every descriptor this process may have.
class NoDescriptorsLeft {
public:
    NoDescriptorsLeft() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int taken = ::dup(0); taken >= 0; taken = ::dup(0)) taken_.push_back(taken);
    }
    ~NoDescriptorsLeft() {
        for (const int taken : taken_) ::close(taken);
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }

private:
    rlimit before_{};
    std::vector<int> taken_;
};

TEST_F(HttpBounds, without_descriptors_it_asks_again_now_and_then_and_goes_on) {
    const auto port = serve();
    Client open(port), late;
    EXPECT_TRUE(is_answered(open));
    {
        const NoDescriptorsLeft none;
        const auto begun = net::Clock::now();
        late.connect(port);  // the kernel takes it
        late.send(request);
        EXPECT_TRUE(open.reset()) << "the one that is idle makes room";
        EXPECT_TRUE(late.read_until("ok").ends_with("ok"));
        const auto rests = (net::Clock::now() - begun) / 100ms + 1;
        EXPECT_LE(loop.limits().of(Limit::descriptors), static_cast<std::uint64_t>(rests)) << "no spinning";
        EXPECT_GE(loop.limits().of(Limit::descriptors), 1u);
    }
    Client later(port);
    EXPECT_TRUE(is_answered(later));
}

TEST_F(HttpBounds, a_large_answer_reaches_a_slow_reader_whole) {
    const std::string large(8u << 20, 'x');
    server.emplace(loop, net::HttpServer::Options{.host = "127.0.0.1"},
                   [&](const std::shared_ptr<net::Exchange>& exchange) {
                       exchange->answer({.status = 200, .content_type = "text/plain", .body = large, .headers = {}});
                   });
    ASSERT_TRUE(server->listen(0));
    thread.emplace([this] { loop.run(); });
    Client client(server->port());
    client.send(request);
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(client.read(large.size()), large);
}

}  // namespace
