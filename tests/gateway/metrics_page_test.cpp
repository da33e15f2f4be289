#include "gateway/metrics_page.hpp"

#include "tests/gateway/clip_fixture.hpp"
#include "tests/net/http_client_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::render_cache;

TEST(MetricsPage, tells_the_figures_of_both_caches) {
    speech::ClipMemory memory({});
    memory.put(test::clip_key("Hello."), test::test_clip(500));
    EXPECT_TRUE(memory.find(test::clip_key("Hello.")));
    EXPECT_FALSE(memory.find(test::clip_key("Good bye.")));
    const std::string alone = render_cache(memory, nullptr, nullptr);
    EXPECT_NE(alone.find("\nmouthpiece_cache_hits_total{store=\"memory\"} 1\n"), std::string::npos) << alone;
    EXPECT_EQ(alone.find("disk"), std::string::npos) << alone;

    test::TemporaryDirectory temporary;
    gateway::ClipFiles files({.directory = {.path = temporary / "clips"}});
    net::EventLoop loop;
    gateway::ClipFilesDoor door(loop, files);
    door.put(test::clip_key("Hello."), test::test_clip(500));
    files.settle();
    const std::string both = render_cache(memory, &files, nullptr);
    EXPECT_NE(both.find("mouthpiece_cache_stored_total{store=\"disk\"} 1\n"), std::string::npos) << both;
    EXPECT_NE(both.find("mouthpiece_cache_bytes{store=\"disk\"} 580\n"), std::string::npos) << both;
    EXPECT_NE(both.find("mouthpiece_cache_damaged_total{store=\"disk\"} 0\n"), std::string::npos) << both;
    EXPECT_EQ(both.find("redis"), std::string::npos) << both;

    gateway::SharedClipCounts shared;
    ++shared.hits;
    const std::string with_redis = render_cache(memory, nullptr, &shared);
    EXPECT_NE(with_redis.find("mouthpiece_cache_hits_total{store=\"redis\"} 1\n"), std::string::npos) << with_redis;
    EXPECT_EQ(with_redis.find("disk"), std::string::npos) << with_redis;
}

class MetricsPageTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }
    static gateway::Options options() {
        gateway::Options options;
        options.threads = 2;
        options.voice_threads = 1;
        options.elevenlabs_key = Secret("key");
        options.elevenlabs_url = "http://127.0.0.1:9";
        return options;
    }
};

TEST_F(MetricsPageTest, asks_every_loop_for_its_circuits) {
    gateway::Switchboard switchboard(options());
    auto& home = *switchboard.loops.front();
    net::HttpServer server(home.events, {.host = "127.0.0.1", .limits = {}},
                           [&](const std::shared_ptr<net::Exchange>& exchange) { gateway::metrics(home, exchange); });
    ASSERT_TRUE(server.listen(0));
    net::EventLoop loop;
    net::HttpClient client(loop, {});
    test::HttpRecorder recorder;
    const auto transfer = client.start(
        {.method = "GET", .url = "http://127.0.0.1:" + std::to_string(server.port()) + "/metrics"}, recorder);
    // Until the second loop runs there is no answer.
    for (int round = 0; round < 1'000; ++round) {
        loop.turn(loop.now());
        home.events.turn(loop.now());
    }
    EXPECT_FALSE(recorder.result);
    EXPECT_TRUE(test::run_until(loop, [&] {
        for (auto& each : switchboard.loops) each->events.turn(loop.now());
        loop.post([] {});
        return recorder.result.has_value();
    }));
    EXPECT_TRUE(recorder.succeeded());
    EXPECT_EQ(recorder.head->status, 200);
    EXPECT_NE(recorder.body.find("mouthpiece_circuits{source=\"elevenlabs_http\",state=\"closed\"} 2\n"),
              std::string::npos)
        << recorder.body;
    EXPECT_NE(recorder.body.find("state=\"open\"} 0\n"), std::string::npos);
    for (const char* name :
         {"mouthpiece_cache_hits_total", "mouthpiece_websocket_connections_limit", "mouthpiece_draining",
          "mouthpiece_elevenlabs_requests_active", "mouthpiece_build_info", "process_open_fds"})
        EXPECT_NE(recorder.body.find(std::string("\n") + name), std::string::npos) << name;
}

TEST_F(MetricsPageTest, may_be_asked_while_the_server_ends) {
    auto switchboard = std::make_unique<gateway::Switchboard>(options());
    auto& home = *switchboard->loops.front();
    auto exchange = std::shared_ptr<net::Exchange>();
    net::EventLoop loop;
    net::HttpServer server(loop, {.host = "127.0.0.1", .limits = {}},
                           [&](std::shared_ptr<net::Exchange> its) { exchange = std::move(its); });
    ASSERT_TRUE(server.listen(0));
    net::HttpClient client(loop, {});
    test::HttpRecorder recorder;
    const auto transfer =
        client.start({.method = "GET", .url = "http://127.0.0.1:" + std::to_string(server.port())}, recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return exchange != nullptr; }));
    gateway::metrics(home, exchange);
    switchboard.reset();  // nobody has told anything yet, and the loops go one after the other
    EXPECT_FALSE(recorder.result);
}

}  // namespace
