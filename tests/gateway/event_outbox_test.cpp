#include "gateway/event_outbox.hpp"

#include "gateway/doctor_fetch.hpp"
#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using gateway::EventOutbox;

// A receiver that answers as it is told, and an outbox that posts to it; both on one loop.
class EventOutboxTest : public testing::Test {
protected:
    EventOutboxTest()
        : server(loop, {.host = "127.0.0.1", .limits = {}}, [this](const std::shared_ptr<net::Exchange>& exchange) {
              requests.push_back(exchange->request());
              const int status = answers.empty() ? 204 : answers.front();
              if (!answers.empty()) answers.erase(answers.begin());
              exchange->answer({.status = status, .content_type = {}, .body = {}, .headers = {}});
          }) {
        EXPECT_TRUE(server.listen(0));
        options.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/events";
        options.secret = Secret("a secret");
        options.private_addresses = true;
        options.pause_first = 1ms;
    }
    EventOutbox& open() {
        return outbox.emplace(loop, options, [this](std::string_view result, std::size_t events) {
            counted[std::string(result)] += events;
        });
    }
    void settle() {
        gateway::run_until(loop, [&] { return outbox->idle(); });
    }

    net::EventLoop loop;
    std::vector<http::Request> requests;
    std::vector<int> answers;  // statuses; afterwards 204
    std::map<std::string, std::size_t> counted;
    net::HttpServer server;
    EventOutbox::Options options;
    std::optional<EventOutbox> outbox;
};

TEST_F(EventOutboxTest, posts_what_it_is_given_in_order_and_signed) {
    open();
    outbox->publish(R"({"n":1})");
    outbox->publish(R"({"n":2})");
    settle();
    outbox->publish(R"({"n":3})");
    settle();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].body, R"({"events":[{"n":1},{"n":2}]})");
    EXPECT_EQ(requests[1].body, R"({"events":[{"n":3}]})");
    const std::string timestamp(requests[0].header("X-Mouthpiece-Timestamp"));
    EXPECT_EQ(requests[0].header("X-Mouthpiece-Signature"),
              gateway::event_signature(Secret("a secret"), std::stoll(timestamp), requests[0].body));
    EXPECT_EQ(counted["delivered"], 3U);
}

TEST_F(EventOutboxTest, comes_again_after_a_failure_with_the_same_batch_first) {
    answers = {503, 429, 200};
    open();
    outbox->publish(R"({"n":1})");
    settle();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests[2].body, requests[0].body);
    EXPECT_EQ(counted["delivered"], 1U);
}

TEST_F(EventOutboxTest, does_not_insist_when_it_is_refused) {
    answers = {400};
    open();
    outbox->publish(R"({"n":1})");
    settle();
    EXPECT_EQ(requests.size(), 1U);
    EXPECT_EQ(counted["refused"], 1U);
}

TEST_F(EventOutboxTest, gives_up_after_so_many_attempts_and_goes_on) {
    answers = std::vector<int>(3, 500);
    options.attempts_max = 3;
    open();
    outbox->publish(R"({"n":1})");
    settle();
    outbox->publish(R"({"n":2})");
    settle();
    EXPECT_EQ(counted["dropped"], 1U);
    EXPECT_EQ(counted["delivered"], 1U);
    EXPECT_EQ(requests.back().body, R"({"events":[{"n":2}]})");
}

TEST_F(EventOutboxTest, what_does_not_fit_is_dropped_and_counted) {
    options.events_max = 10;
    options.batch_max = 4;
    open();
    for (int i = 0; i < 25; ++i) outbox->publish("{}");
    settle();
    EXPECT_EQ(counted["dropped"], 15U);
    EXPECT_EQ(counted["delivered"], 10U);
    EXPECT_EQ(requests.size(), 3U);
}

TEST_F(EventOutboxTest, goes_nowhere_private_unless_that_is_allowed) {
    options.private_addresses = false;
    options.attempts_max = 2;
    open();
    outbox->publish("{}");
    settle();
    EXPECT_TRUE(requests.empty());
    EXPECT_EQ(counted["dropped"], 1U);
}

TEST_F(EventOutboxTest, a_name_does_not_lead_to_a_private_address_either) {
    options.private_addresses = false;
    options.attempts_max = 1;
    options.url = "http://localhost:" + std::to_string(server.port()) + "/events";
    open();
    outbox->publish("{}");
    settle();
    EXPECT_TRUE(requests.empty());
    EXPECT_EQ(counted["dropped"], 1U);
}

TEST_F(EventOutboxTest, without_a_url_nothing_is_kept) {
    options.url.clear();
    open();
    outbox->publish("{}");
    EXPECT_TRUE(outbox->idle());
    EXPECT_FALSE(outbox->wanted());
}

TEST(EventSignature, is_what_a_receiver_computes) {
    // printf '1767225600.{}' | openssl dgst -sha256 -hmac key
    EXPECT_EQ(gateway::event_signature(Secret("key"), 1767225600, "{}"),
              "v1=df344de429b8ee672e1863e0008fdbd0080000536fbccdf0e4f89846acbbe872");
}

}  // namespace
