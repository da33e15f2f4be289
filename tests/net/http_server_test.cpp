// The HTTP server over real sockets: one loop, driven on the test's own thread, with a plain blocking client on
// another.

#include "net/http_server.hpp"

#include "net/blocking_client.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace {

using test::Client;

class HttpServer : public testing::Test {
protected:
    // Runs `client` on a thread of its own against a server with `handler`, until it returns.
    void serve(net::HttpServer::RequestHandler handler, std::function<void(std::uint16_t)> client,
               net::HttpServer::Options options = {}) {
        options.host = "127.0.0.1";
        net::EventLoop loop;
        net::HttpServer server(loop, options, std::move(handler));
        ASSERT_TRUE(server.listen(0));
        std::jthread thread([&] {
            client(server.port());
            loop.stop();
        });
        loop.run();
    }
};

void echo(const std::shared_ptr<net::Exchange>& exchange) {
    exchange->answer({.status = 200, .content_type = "text/plain", .body = exchange->request().body, .headers = {}});
}

TEST_F(HttpServer, answers_one_request_after_another_on_one_connection) {
    serve(echo, [](std::uint16_t port) {
        Client client(port);
        for (const char* body : {"one", "two", "six"}) {
            client.send(std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n") + body);
            const std::string answer = client.read_until(body);
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
            EXPECT_TRUE(answer.ends_with(std::string("\r\n\r\n") + body)) << answer;
        }
    });
}

TEST_F(HttpServer, answers_pipelined_requests_in_order) {
    serve(echo, [](std::uint16_t port) {
        Client client(port);
        std::string requests;
        for (char c = 'a'; c <= 'z'; ++c)
            requests += std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n") + c;
        client.send(requests);
        for (char c = 'a'; c <= 'z'; ++c) EXPECT_TRUE(client.read_until(std::string("\r\n\r\n") + c).ends_with(c));
    });
}

TEST_F(HttpServer, a_client_that_asks_for_much_at_once_leaves_the_loop_to_others) {
    constexpr int requests = 2000;  // more bytes than may wait behind one request
    net::EventLoop loop;
    int answered = 0, in_the_first_turn = 0;
    net::HttpServer server(loop, {.host = "127.0.0.1", .limits = {}}, [&](const auto& exchange) {
        if (++answered == 1) loop.post([&] { in_the_first_turn = answered; });
        echo(exchange);
    });
    ASSERT_TRUE(server.listen(0));
    std::jthread client_thread([&, port = server.port()] {
        Client client(port);
        std::string all;
        for (int i = 0; i < requests; ++i) all += "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n.";
        client.send(all + "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlast");
        EXPECT_TRUE(client.read_until("last").ends_with("last"));
        loop.stop();
    });
    loop.run();
    EXPECT_LE(in_the_first_turn, 16);
    EXPECT_EQ(answered, requests + 1);
}

TEST_F(HttpServer, keeps_the_order_when_answers_are_late) {
    std::shared_ptr<net::Exchange> held;
    bool released = false;
    serve(
        [&](const std::shared_ptr<net::Exchange>& exchange) {
            const std::string body = exchange->request().body;
            released = released || body == "3";
            if (body != "1" || released) echo(exchange);
            if (body == "1" && !released) held = exchange;
            if (released && held) echo(std::exchange(held, nullptr));
        },
        [](std::uint16_t port) {
            Client first(port), second(port);
            first.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1");
            first.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2");
            second.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3");
            EXPECT_TRUE(first.read_until("\r\n\r\n1").ends_with("1"));
            EXPECT_TRUE(first.read_until("\r\n\r\n2").ends_with("2"));
            EXPECT_TRUE(second.read_until("\r\n\r\n3").ends_with("3"));
        });
}

TEST_F(HttpServer, refuses_what_is_not_http_and_closes) {
    serve(echo, [](std::uint16_t port) {
        Client client(port);
        client.send("\x16\x03\x01 this is not HTTP\r\n\r\n");
        EXPECT_TRUE(client.read_until("}").starts_with("HTTP/1.1 400 "));
        EXPECT_TRUE(client.closed());
    });
}

TEST_F(HttpServer, refuses_a_body_over_the_limit) {
    serve(echo, [](std::uint16_t port) {
        Client client(port);
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
        EXPECT_TRUE(client.read_until("}").starts_with("HTTP/1.1 413 "));
    });
}

TEST_F(HttpServer, gives_up_on_a_request_that_never_ends) {
    net::HttpServer::Options options;
    options.request_timeout = std::chrono::milliseconds(50);
    serve(
        echo,
        [](std::uint16_t port) {
            Client client(port);
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Le");
            EXPECT_TRUE(client.read_until("}").starts_with("HTTP/1.1 408 "));
            EXPECT_TRUE(client.closed());
        },
        options);
}

TEST_F(HttpServer, closes_an_idle_connection) {
    net::HttpServer::Options options;
    options.request_timeout = options.idle_timeout = std::chrono::milliseconds(50);
    serve(echo, [](std::uint16_t port) { EXPECT_TRUE(Client(port).closed()); }, options);
}

TEST_F(HttpServer, streams_an_answer_in_chunks) {
    serve(
        [](const std::shared_ptr<net::Exchange>& exchange) {
            exchange->begin_chunks({.status = 200, .content_type = "audio/ulaw", .body = {}, .headers = {}});
            exchange->send_chunk("hello");
            exchange->send_chunk(" world!");
            exchange->end_chunks();
        },
        [](std::uint16_t port) {
            Client client(port);
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("\r\n\r\n5\r\nhello\r\n7\r\n world!\r\n0\r\n\r\n"));
        });
}

TEST_F(HttpServer, tells_a_late_answerer_that_the_client_has_gone) {
    net::EventLoop loop;
    std::shared_ptr<net::Exchange> kept;
    net::HttpServer::Options options;
    options.host = "127.0.0.1";
    net::HttpServer server(loop, options, [&](const std::shared_ptr<net::Exchange>& exchange) {
        kept = exchange;
        exchange->on_gone = [&] { loop.stop(); };
    });
    ASSERT_TRUE(server.listen(0));
    std::jthread thread([&] { Client(server.port()).send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"); });
    loop.run();
    ASSERT_TRUE(kept);
    EXPECT_TRUE(kept->gone());
    kept->answer(http::json("{}"));  // harmless
}

TEST_F(HttpServer, will_not_share_a_port_that_somebody_listens_on) {
    net::EventLoop loop;
    net::HttpServer::Options options;
    options.host = "127.0.0.1";
    net::HttpServer first(loop, options, echo), second(loop, options, echo), sibling(loop, options, echo);
    ASSERT_TRUE(first.listen(0));
    const auto refused = second.listen(first.port());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("Address already in use"), std::string::npos) << refused.error();
    EXPECT_TRUE(sibling.listen(first.port(), false)) << "the loops of one server share it";
}

}  // namespace
