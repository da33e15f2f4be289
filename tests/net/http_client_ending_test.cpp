// How transfers end before their answer does: by time, by cancelling, with the client.

#include "net/http_client.hpp"
#include "tests/net/http_client_fixture.hpp"

namespace {

using namespace std::chrono_literals;
using net::HttpClient;
using net::TransportError;
using test::HttpClientTest;
using Peer = test::LoopbackServer::Peer;
using Recorder = test::HttpRecorder;

TEST_F(HttpClientTest, gives_up_when_the_answer_does_not_come_in_time) {
    serve([](Peer&, const std::string&) {});
    Recorder recorder;
    auto outgoing = request();
    outgoing.total_timeout = 30ms;
    const auto begun = net::Clock::now();
    const auto transfer = client->start(std::move(outgoing), recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_EQ(recorder.failure(), TransportError::Kind::timeout);
    EXPECT_GE(net::Clock::now() - begun, 30ms);
    ASSERT_TRUE(test::run_until(loop, [&] { return server->open == 0; }));  // and hangs up
}

TEST_F(HttpClientTest, counts_the_wait_for_a_free_connection_into_the_total_time) {
    serve([](Peer&, const std::string&) {});
    client.emplace(loop, HttpClient::Options{.connections_per_host_max = 1});
    Recorder first, second;
    const auto blocking = client->start(request(), first);
    ASSERT_TRUE(test::run_until(loop, [&] { return server->requests.size() == 1; }));
    auto outgoing = request();
    outgoing.total_timeout = 20ms;
    const auto queued = client->start(std::move(outgoing), second);
    ASSERT_TRUE(run_until_done(second));
    EXPECT_EQ(second.failure(), TransportError::Kind::timeout);
    EXPECT_FALSE(first.result);
}

TEST_F(HttpClientTest, calls_nobody_back_from_inside_start_nor_after_a_cancel) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "text/plain", "late")); });
    Recorder recorder;
    auto at_once = start(recorder);
    EXPECT_FALSE(recorder.head || recorder.result);
    at_once.reset();

    auto under_way = start(recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return server->requests.size() == 1; }));
    under_way.reset();
    settle();
    EXPECT_FALSE(recorder.head || recorder.result);
    ASSERT_TRUE(test::run_until(loop, [&] { return server->open == 0; }));
}

TEST_F(HttpClientTest, can_be_cancelled_from_inside_every_callback) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "text/plain", "body")); });
    std::unique_ptr<HttpClient::Transfer> transfer;
    const auto cancel = [&] { transfer.reset(); };

    Recorder in_head;
    in_head.when_head = cancel;
    transfer = start(in_head);
    ASSERT_TRUE(test::run_until(loop, [&] { return transfer == nullptr; }));

    Recorder in_body;
    in_body.when_body = cancel;
    transfer = start(in_body);
    ASSERT_TRUE(test::run_until(loop, [&] { return transfer == nullptr; }));

    Recorder in_done;
    in_done.when_done = cancel;
    transfer = start(in_done);
    ASSERT_TRUE(test::run_until(loop, [&] { return transfer == nullptr; }));

    settle();
    EXPECT_TRUE(in_head.pieces.empty());
    EXPECT_FALSE(in_head.result);
    EXPECT_EQ(in_body.body, "body");
    EXPECT_FALSE(in_body.result);
    EXPECT_EQ(in_done.times_done, 1);
}

TEST_F(HttpClientTest, a_callback_may_start_the_next_request_and_cancel_others) {
    serve([](Peer& peer, const std::string& request) {
        if (request.starts_with("POST /hang")) return;
        peer.send(test::http_answer("200 OK", "text/plain", "ok"));
    });
    Recorder first, hanging, next;
    auto other = client->start(request("/hang"), hanging);
    std::unique_ptr<HttpClient::Transfer> chained;
    first.when_done = [&] {
        other.reset();
        chained = client->start(request("/next"), next);
    };
    const auto transfer = start(first);
    ASSERT_TRUE(run_until_done(next));
    EXPECT_EQ(next.body, "ok");
    EXPECT_FALSE(hanging.result);
}

TEST_F(HttpClientTest, going_away_cancels_what_is_under_way) {
    serve([](Peer& peer, const std::string&) { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); });
    Recorder half, fresh;
    auto under_way = start(half);
    ASSERT_TRUE(test::run_until(loop, [&] { return half.body == "half"; }));
    auto just_started = start(fresh);
    client.reset();
    settle();
    EXPECT_FALSE(half.result || fresh.result);
    ASSERT_TRUE(test::run_until(loop, [&] { return server->open == 0; }));
}

}  // namespace
