// What escapes from a callback harms nothing beyond it.

#include "net/mishap.hpp"

#include "net/blocking_client.hpp"
#include "net/event_loop.hpp"
#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <thread>

namespace {

TEST(Mishap, in_a_request_ends_its_connection_and_no_other) {
    net::EventLoop loop;
    net::HttpServer server(loop, {.host = "127.0.0.1", .limits = {}}, [](const auto& exchange) {
        if (exchange->request().target == "/fails") throw std::bad_alloc();
        exchange->answer({.status = 200, .content_type = "text/plain", .body = "well", .headers = {}});
    });
    ASSERT_TRUE(server.listen(0));
    const auto before = net::mishaps();
    std::jthread client_thread([&, port = server.port()] {
        test::Client bystander(port), unlucky(port);
        bystander.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(bystander.read_until("well").ends_with("well"));
        unlucky.send("GET /fails HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(unlucky.read_until("\n"), "") << "its connection is gone";
        bystander.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(bystander.read_until("well").ends_with("well"));
        test::Client later(port);
        later.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(later.read_until("well").ends_with("well"));
        loop.stop();
    });
    loop.run();
    EXPECT_EQ(net::mishaps(), before + 1);
}

TEST(Mishap, in_a_timer_or_in_posted_work_leaves_the_others_alone) {
    net::EventLoop loop;
    int done = 0;
    const auto fails = [] { throw std::runtime_error("expected by this test"); };
    const auto works = [&] {
        if (++done == 4) loop.stop();
    };
    net::Timer first(loop.timers(), works), second(loop.timers(), fails), third(loop.timers(), works);
    const auto soon = loop.now() + std::chrono::milliseconds(2);
    for (net::Timer* timer : {&first, &second, &third}) timer->arm(soon);
    loop.post(works);
    loop.post(fails);
    loop.post(works);
    loop.run();
    EXPECT_EQ(done, 4);
    EXPECT_FALSE(second.armed());
    second.arm(loop.now());  // and can be used again
    EXPECT_TRUE(second.armed());
}

}  // namespace
