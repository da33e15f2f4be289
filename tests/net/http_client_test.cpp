#include "net/http_client.hpp"

#include "tests/net/http_client_fixture.hpp"

#include <algorithm>

namespace {

using net::HttpClient;
using net::TransportError;
using test::HttpClientTest;
using test::LoopbackServer;
using Peer = LoopbackServer::Peer;
using Recorder = test::HttpRecorder;

TEST_F(HttpClientTest, sends_method_headers_and_body_and_hands_on_the_answer) {
    serve([](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 201 Created\r\nX-Trace-Id: abc\r\nRequest-Id:  r1 \r\nContent-Length: 5\r\n\r\nhello");
    });
    Recorder recorder;
    auto outgoing = request("/v1/speech?format=ulaw");
    outgoing.headers = {{"xi-api-key", "k"}, {"Content-Type", "application/json"}, {"X-Empty", ""}};
    outgoing.body = R"({"text":"hi"})";
    const auto transfer = client->start(std::move(outgoing), recorder);
    ASSERT_TRUE(run_until_done(recorder));

    EXPECT_TRUE(recorder.succeeded());
    ASSERT_TRUE(recorder.head);
    EXPECT_EQ(recorder.head->status, 201);
    EXPECT_EQ(recorder.head->header("x-trace-id"), "abc");
    EXPECT_EQ(recorder.head->header("request-id"), "r1");
    EXPECT_EQ(recorder.head->header("absent"), "");
    EXPECT_EQ(recorder.body, "hello");

    const std::string& sent = server->requests.at(0);
    EXPECT_TRUE(sent.starts_with("POST /v1/speech?format=ulaw HTTP/1.1\r\n"));
    for (const char* line : {"\r\nxi-api-key: k\r\n", "\r\nContent-Type: application/json\r\n", "\r\nX-Empty:\r\n",
                             "\r\nUser-Agent: mouthpiece\r\n"}) {
        EXPECT_NE(sent.find(line), sent.npos) << line;
    }
    EXPECT_TRUE(sent.ends_with("\r\n\r\n{\"text\":\"hi\"}"));
}

TEST_F(HttpClientTest, sends_a_get_without_a_body) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "text/plain", "x")); });
    Recorder recorder;
    const auto transfer = client->start({.method = "GET", .url = server->url("/v1/models")}, recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_TRUE(server->requests.at(0).starts_with("GET /v1/models HTTP/1.1\r\n"));
    EXPECT_EQ(recorder.body, "x");
}

TEST_F(HttpClientTest, sends_a_large_body_at_once_without_asking_for_100_continue) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "text/plain", "")); });
    Recorder recorder;
    auto outgoing = request();
    outgoing.body = std::string(3 << 20, 'x');
    const auto transfer = client->start(std::move(outgoing), recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_TRUE(recorder.succeeded());
    EXPECT_EQ(server->requests.at(0).find("Expect"), std::string::npos);
    EXPECT_TRUE(server->requests.at(0).ends_with("xxxx"));
}

TEST_F(HttpClientTest, uses_one_connection_for_requests_in_a_row) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "text/plain", "again")); });
    for (int i = 0; i < 100; ++i) {
        Recorder recorder;
        const auto transfer = start(recorder);
        ASSERT_TRUE(run_until_done(recorder));
        ASSERT_EQ(recorder.body, "again");
    }
    EXPECT_EQ(server->accepted, 1u);
    EXPECT_EQ(server->requests.size(), 100u);
}

TEST_F(HttpClientTest, runs_requests_side_by_side_up_to_the_limit_and_the_rest_after_them) {
    std::vector<Peer*> waiting;
    serve([&](Peer& peer, const std::string&) { waiting.push_back(&peer); });
    std::vector<Recorder> recorders(10);
    std::vector<std::unique_ptr<HttpClient::Transfer>> transfers;
    for (auto& recorder : recorders) transfers.push_back(start(recorder));

    ASSERT_TRUE(test::run_until(loop, [&] { return waiting.size() == 4; }));
    settle();
    EXPECT_EQ(waiting.size(), 4u);  // the limit of this fixture's client

    std::size_t answered = 0;
    ASSERT_TRUE(test::run_until(loop, [&] {
        while (answered < waiting.size()) waiting[answered++]->send(test::http_answer("200 OK", "text/plain", "ok"));
        return std::ranges::all_of(recorders, [](const Recorder& recorder) { return recorder.result.has_value(); });
    }));
    for (const auto& recorder : recorders) EXPECT_EQ(recorder.body, "ok");
    EXPECT_EQ(server->accepted, 4u);
}

TEST_F(HttpClientTest, hands_on_the_body_piece_by_piece_as_it_arrives) {
    Peer* peer = nullptr;
    serve([&](Peer& its_peer, const std::string&) {
        peer = &its_peer;
        peer->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    });
    Recorder recorder;
    const auto transfer = start(recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return recorder.head.has_value(); }));
    EXPECT_TRUE(recorder.pieces.empty());

    // Each piece is sent only after the one before was heard: nothing is held back for more.
    for (std::size_t i = 0; i < 20; ++i) {
        peer->send(test::http_chunk(std::string(1 + i * 37, static_cast<char>('a' + i))));
        ASSERT_TRUE(test::run_until(loop, [&] { return recorder.pieces.size() == i + 1; }));
        EXPECT_EQ(recorder.pieces[i].size(), 1 + i * 37);
    }
    EXPECT_FALSE(recorder.result);
    peer->send("0\r\nX-Trailer: ignored\r\n\r\n");
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_TRUE(recorder.succeeded());
    EXPECT_EQ(recorder.head->header("x-trailer"), "");
}

TEST_F(HttpClientTest, reports_the_final_head_and_not_an_interim_one) {
    serve([](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" +
                  test::http_answer("404 Not Found", "text/plain", "no"));
    });
    Recorder recorder;
    const auto transfer = start(recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_EQ(recorder.head->status, 404);
    EXPECT_EQ(recorder.head->header("x-early"), "");
    EXPECT_EQ(recorder.body, "no");
}

TEST_F(HttpClientTest, does_not_follow_a_redirect) {
    serve([this](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + server->url("/elsewhere") +
                  "\r\nContent-Length: 0\r\n\r\n");
    });
    Recorder recorder;
    const auto transfer = start(recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_EQ(recorder.head->status, 307);
    EXPECT_EQ(server->requests.size(), 1u);
}

TEST_F(HttpClientTest, sends_again_when_the_server_has_closed_the_pooled_connection_meanwhile) {
    serve([](Peer& peer, const std::string&) {
        peer.send(test::http_answer("200 OK", "text/plain", "once"));
        peer.close_after_sending();
    });
    for (int i = 0; i < 3; ++i) {
        Recorder recorder;
        const auto transfer = start(recorder);
        ASSERT_TRUE(run_until_done(recorder));
        EXPECT_EQ(recorder.body, "once");
    }
}

TEST_F(HttpClientTest, reports_an_answer_that_ends_early_as_cut_off) {
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) {
                  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + test::http_chunk("half"));
                  peer.close_after_sending();
              }),
              TransportError::Kind::cut_off);
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) {
                  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                  peer.close_after_sending();
              }),
              TransportError::Kind::cut_off);
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) { peer.reset(); }), TransportError::Kind::cut_off);
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) { peer.close_after_sending(); }),
              TransportError::Kind::cut_off);
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) {
                  peer.send("HTTP/1.1 200 OK\r\nContent-Type: audio/ulaw\r\nX-Half");
                  peer.close_after_sending();
              }),
              TransportError::Kind::cut_off);
}

TEST_F(HttpClientTest, hands_on_what_came_before_the_cut) {
    serve([](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + test::http_chunk("first") + "5\r\nse");
        peer.close_after_sending();
    });
    Recorder recorder;
    const auto transfer = start(recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_EQ(recorder.body, "firstse");
    EXPECT_EQ(recorder.failure(), TransportError::Kind::cut_off);
}

TEST_F(HttpClientTest, refuses_what_is_not_http) {
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) {
                  peer.send("SSH-2.0-OpenSSH_9.2\r\n\r\nwhatever");
                  peer.close_after_sending();
              }),
              TransportError::Kind::other);
    EXPECT_EQ(failure_against([](Peer& peer, const std::string&) {
                  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot a size\r\n");
              }),
              TransportError::Kind::cut_off);
}

TEST_F(HttpClientTest, refuses_a_head_without_end) {
    std::string endless = "HTTP/1.1 200 OK\r\n";
    while (endless.size() < 1 << 20) endless += "X-Header: " + std::string(1000, 'x') + "\r\n";
    serve([&](Peer& peer, const std::string&) { peer.send(endless); });
    Recorder recorder;
    const auto transfer = start(recorder);
    ASSERT_TRUE(run_until_done(recorder));
    EXPECT_FALSE(recorder.succeeded());
    EXPECT_FALSE(recorder.head);
}

TEST_F(HttpClientTest, stops_at_the_largest_body_allowed) {
    serve([](Peer& peer, const std::string&) {
        peer.send(test::http_answer("200 OK", "text/plain", std::string(100'000, 'x')));
    });
    for (const auto& [limit, fits] : {std::pair{100'000u, true}, std::pair{99'999u, false}}) {
        Recorder recorder;
        auto outgoing = request();
        outgoing.body_bytes_max = limit;
        const auto transfer = client->start(std::move(outgoing), recorder);
        ASSERT_TRUE(run_until_done(recorder));
        EXPECT_EQ(recorder.succeeded(), fits);
        EXPECT_LE(recorder.body.size(), limit);
        if (!fits) {
            EXPECT_EQ(recorder.failure(), TransportError::Kind::too_large);
        }
    }
}

TEST_F(HttpClientTest, reports_a_refused_connection_and_a_name_that_does_not_exist) {
    std::uint16_t closed_port = 0;
    {
        LoopbackServer gone(loop, [](Peer&, const std::string&) {});
        closed_port = gone.port();
    }
    Recorder refused;
    const auto first = client->start({.url = "http://127.0.0.1:" + std::to_string(closed_port)}, refused);
    ASSERT_TRUE(run_until_done(refused));
    EXPECT_EQ(refused.failure(), TransportError::Kind::connect);

    Recorder unknown;
    const auto second = client->start({.url = "http://no-such-host.invalid/"}, unknown);
    ASSERT_TRUE(run_until_done(unknown));
    EXPECT_EQ(unknown.failure(), TransportError::Kind::resolve);
}

TEST_F(HttpClientTest, refuses_requests_that_it_cannot_send_faithfully_after_start_has_returned) {
    serve([](Peer&, const std::string&) {});
    auto split = request();
    split.headers = {{"xi-api-key", "k\r\nX-Injected: 1"}};
    auto file = request();
    file.url = "file:///etc/hostname";
    auto nothing = request();
    nothing.url = "";
    for (auto* outgoing : {&split, &file, &nothing}) {
        Recorder recorder;
        const auto transfer = client->start(std::move(*outgoing), recorder);
        EXPECT_EQ(recorder.times_done, 0);
        ASSERT_TRUE(run_until_done(recorder));
        EXPECT_EQ(recorder.failure(), TransportError::Kind::other);
    }
    EXPECT_TRUE(server->requests.empty());
}

}  // namespace
