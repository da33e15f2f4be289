#pragma once
// HttpClient on a loop, with a scripted server to talk to and a listener that notes what it hears.

#include "net/http_client.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

// Notes what it hears, and does what the test wants done from inside a callback.
struct HttpRecorder final : net::HttpClient::Listener {
    void on_head(const net::IncomingHead& its_head) override {
        head = its_head;
        if (when_head) when_head();
    }
    void on_body(std::span<const char> bytes) override {
        pieces.emplace_back(bytes.begin(), bytes.end());
        body += pieces.back();
        if (when_body) when_body();
    }
    void on_done(std::expected<void, net::TransportError> its_result) override {
        ++times_done;
        result = std::move(its_result);
        if (when_done) when_done();
    }
    bool succeeded() const { return result && *result; }
    std::optional<net::TransportError::Kind> failure() const {
        return result && !*result ? std::optional(result->error().kind) : std::nullopt;
    }

    std::optional<net::IncomingHead> head;
    std::vector<std::string> pieces;
    std::string body;
    std::optional<std::expected<void, net::TransportError>> result;
    int times_done = 0;
    std::function<void()> when_head, when_body, when_done;
};

class HttpClientTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"})
            ::unsetenv(name);
    }

    LoopbackServer& serve(LoopbackServer::Script script) { return server.emplace(loop, std::move(script)); }
    net::OutgoingRequest request(std::string path = "/") const { return {.url = server->url(path), .body = "{}"}; }
    std::unique_ptr<net::HttpClient::Transfer> start(HttpRecorder& recorder) {
        return client->start(request(), recorder);
    }
    bool run_until_done(const HttpRecorder& recorder) {
        return run_until(loop, [&] { return recorder.result.has_value(); });
    }
    // Lets everything happen that is ready, and what becomes ready by it.
    void settle() {
        for (int round = 0; round < 50; ++round) loop.turn(loop.now() + std::chrono::milliseconds(1));
    }
    // Runs one request against whatever the script answers and says how it failed.
    std::optional<net::TransportError::Kind> failure_against(LoopbackServer::Script script) {
        serve(std::move(script));
        HttpRecorder recorder;
        const auto transfer = start(recorder);
        EXPECT_TRUE(run_until_done(recorder));
        EXPECT_EQ(recorder.times_done, 1);
        return recorder.failure();
    }

    net::EventLoop loop;
    std::optional<LoopbackServer> server;
    std::optional<net::HttpClient> client{std::in_place, loop, net::HttpClient::Options{.connections_per_host_max = 4}};
};

}  // namespace test
