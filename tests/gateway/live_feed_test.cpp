// The live feed over a real socket: the loops run on threads of their own, the test listens.

#include "gateway/live_feed.hpp"

#include "gateway/loop_services.hpp"
#include "net/blocking_client.hpp"
#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

class LiveFeedTest : public testing::Test {
protected:
    LiveFeedTest()
        : switchboard(options()),
          loop(*switchboard.loops.back()),
          server(loop.events, {.host = "127.0.0.1", .limits = {}},
                 [this](const std::shared_ptr<net::Exchange>& exchange) { switchboard.live->listen(loop, exchange); }) {
        EXPECT_TRUE(server.listen(0));
        for (const auto& one : switchboard.loops) threads.emplace_back([&one] { one->events.run(); });
    }
    ~LiveFeedTest() override {
        for (const auto& one : switchboard.loops) one->events.stop();
        threads.clear();
        for (const auto& one : switchboard.loops) one->events.settle();
    }
    static gateway::Options options() {
        gateway::Options options;
        options.threads = 2;
        options.voice_threads = 1;
        options.live_listeners_max = 2;
        return options;
    }
    void announce(const std::string& call_sid) {
        switchboard.calls.announced({.call_sid = call_sid}, net::Clock::now());
        switchboard.events.changed(call_sid);
    }
    std::string ask(test::Client& client, const std::string& method = "GET") {
        client.connect(server.port());
        client.send(method + " /live HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.read_until("\r\n\r\n");
    }
    bool comes_to(std::size_t listeners) {
        const auto end = net::Clock::now() + 10s;
        while (switchboard.live->listeners() != listeners && net::Clock::now() < end) std::this_thread::sleep_for(1ms);
        return switchboard.live->listeners() == listeners;
    }

    gateway::Switchboard switchboard;
    gateway::LoopServices& loop;  // not the first
    net::HttpServer server;
    std::vector<std::jthread> threads;
};

TEST_F(LiveFeedTest, tells_what_is_there_and_then_what_changes) {
    announce("CA1");
    test::Client client;
    const std::string head = ask(client);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
    EXPECT_TRUE(head.contains("Content-Type: text/event-stream\r\n")) << head;
    const std::string beginning = client.read_until("event: figures\n");
    EXPECT_TRUE(beginning.contains("event: hello\ndata: {\"version\":")) << beginning;
    EXPECT_TRUE(beginning.contains("\"call_sid\":\"CA1\"")) << beginning;
    announce("CA2");
    EXPECT_TRUE(client.read_until("\"call_sid\":\"CA2\"").ends_with("\"CA2\""));
    const std::string rest = client.read_until("event: figures\n");
    EXPECT_FALSE(rest.contains("\"CA1\"")) << "what has not changed is not told again: " << rest;
}

TEST_F(LiveFeedTest, listeners_are_few) {
    test::Client first, second, third;
    ask(first);
    ask(second);
    const std::string refusal = ask(third);
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 429 ")) << refusal;
    EXPECT_TRUE(refusal.contains("Retry-After: ")) << refusal;
    EXPECT_EQ(loop.events.limits().of(Limit::live_listeners), 1U);
}

TEST_F(LiveFeedTest, who_leaves_makes_room) {
    {
        test::Client first, second;
        ask(first);
        ask(second);
        EXPECT_EQ(switchboard.live->listeners(), 2U);
    }
    ASSERT_TRUE(comes_to(0));
    test::Client third;
    EXPECT_TRUE(ask(third).starts_with("HTTP/1.1 200 "));
}

TEST_F(LiveFeedTest, who_does_not_keep_up_is_cut_off) {
    test::Client client;
    ask(client);
    ASSERT_TRUE(comes_to(1));
    // Rows of 100 calls with long numbers, again and again, until the socket and the backlog are full.
    for (int call = 0; call < 100; ++call) {
        switchboard.calls.announced({.call_sid = "CA" + std::to_string(call), .from = Secret(std::string(20'000, '1'))},
                                    net::Clock::now());
    }
    const auto end = net::Clock::now() + 30s;
    while (switchboard.live->listeners() != 0 && net::Clock::now() < end) {
        for (int call = 0; call < 100; ++call) switchboard.events.changed("CA" + std::to_string(call));
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(switchboard.live->listeners(), 0U);
    EXPECT_EQ(loop.events.limits().of(Limit::live_backlog) + loop.events.limits().of(Limit::send_queue), 1U);
}

TEST_F(LiveFeedTest, a_head_request_is_no_listener) {
    test::Client client;
    EXPECT_TRUE(ask(client, "HEAD").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(switchboard.live->listeners(), 0U);
}

TEST_F(LiveFeedTest, ends_with_the_server) {
    test::Client client;
    ask(client);
    ASSERT_TRUE(comes_to(1));
    switchboard.live->end();
    EXPECT_TRUE(client.read_until("\r\n0\r\n\r\n").ends_with("\r\n0\r\n\r\n"));
}

}  // namespace
