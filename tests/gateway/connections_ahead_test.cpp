#include "gateway/connections_ahead.hpp"

#include "tests/net/http_client_fixture.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace std::chrono_literals;
using gateway::ConnectionsAhead;

class ConnectionsAheadTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }
    bool run_until(auto done) { return test::run_until(loop, done, 10s); }

    std::size_t answered = 0;
    test::LoopbackServer::Peer* last = nullptr;
    net::EventLoop loop;
    test::LoopbackServer server{loop, [this](test::LoopbackServer::Peer& peer, const std::string& request) {
                                    const bool knock = request.starts_with("HEAD / ");
                                    peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: " +
                                              std::string(knock ? "9" : "2") + "\r\n\r\n" + (knock ? "" : "ok"));
                                    ++answered;
                                    last = &peer;
                                }};
    net::HttpClient http{loop, {}};
};

TEST_F(ConnectionsAheadTest, are_what_the_next_requests_use) {
    const ConnectionsAhead ahead(loop, http, {.url = server.url(""), .connections = 2});
    ASSERT_TRUE(run_until([&] { return ahead.answered() == 2; }));
    EXPECT_EQ(server.accepted, 2U);
    for (const std::string& request : server.requests) EXPECT_FALSE(request.contains("xi-api-key"));

    test::HttpRecorder first, second;
    const auto one = http.start({.method = "GET", .url = server.url("/one")}, first);
    const auto two = http.start({.method = "GET", .url = server.url("/two")}, second);
    ASSERT_TRUE(run_until([&] { return answered == 4; }));
    EXPECT_EQ(server.accepted, 2U);
}

TEST_F(ConnectionsAheadTest, are_kept_and_come_back_when_they_were_lost) {
    const ConnectionsAhead ahead(loop, http, {.url = server.url(""), .every = 30ms});
    ASSERT_TRUE(run_until([&] { return answered >= 3; }));
    EXPECT_EQ(server.accepted, 1U);
    last->close_after_sending();
    ASSERT_TRUE(run_until([&] { return server.accepted == 2; }));
}

TEST_F(ConnectionsAheadTest, may_go_while_they_are_being_opened) {
    {
        const ConnectionsAhead ahead(loop, http, {.url = server.url("")});
        ASSERT_TRUE(run_until([&] { return server.accepted == 1; }));
    }
    loop.settle();
}

}  // namespace
