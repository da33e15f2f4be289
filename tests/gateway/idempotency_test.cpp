#include "gateway/idempotency.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using gateway::Idempotency;
using Verdict = Idempotency::Verdict;

const Idempotency::Instant now{100s};

http::Request request(const std::string& body) {
    return {.method = "POST", .target = "/say", .headers = {}, .body = body};
}

http::Response answer(int status, const std::string& body = "{}") {
    auto response = http::json(body);
    response.status = status;
    return response;
}

TEST(Idempotency, a_repeated_request_gets_the_first_answer) {
    Idempotency memory({});
    EXPECT_EQ(memory.begin("k", request("a"), now).verdict, Verdict::fresh);
    memory.finish("k", answer(202, R"({"id":1})"));
    const auto again = memory.begin("k", request("a"), now);
    EXPECT_EQ(again.verdict, Verdict::repeated);
    EXPECT_EQ(again.response.status, 202);
    EXPECT_EQ(again.response.body, R"({"id":1})");
}

TEST(Idempotency, before_the_first_answer_it_is_under_way) {
    Idempotency memory({});
    memory.begin("k", request("a"), now);
    EXPECT_EQ(memory.begin("k", request("a"), now).verdict, Verdict::under_way);
    EXPECT_EQ(memory.begin("other", request("a"), now).verdict, Verdict::fresh);
}

TEST(Idempotency, a_key_serves_one_request) {
    Idempotency memory({});
    memory.begin("k", request("a"), now);
    EXPECT_EQ(memory.begin("k", request("b"), now).verdict, Verdict::mismatched);
}

TEST(Idempotency, what_was_refused_may_be_tried_again) {
    Idempotency memory({});
    memory.begin("k", request("a"), now);
    memory.finish("k", answer(429));
    EXPECT_EQ(memory.begin("k", request("b"), now).verdict, Verdict::fresh);
}

TEST(Idempotency, what_may_have_been_done_is_not_tried_again) {
    Idempotency memory({});
    memory.begin("k", request("a"), now);
    memory.finish("k", answer(504));
    EXPECT_EQ(memory.begin("k", request("a"), now).verdict, Verdict::repeated);
}

TEST(Idempotency, a_key_lives_so_long_and_no_longer) {
    Idempotency memory({.life = 1h});
    memory.begin("k", request("a"), now);
    memory.finish("k", answer(200));
    EXPECT_EQ(memory.begin("k", request("a"), now + 59min).verdict, Verdict::repeated);
    EXPECT_EQ(memory.begin("k", request("a"), now + 1h).verdict, Verdict::fresh);
}

TEST(Idempotency, remembers_a_bounded_number_of_keys) {
    Idempotency memory({.keys_max = 10});
    for (int i = 0; i < 1000; ++i) {
        memory.begin(std::to_string(i), request("a"), now);
        memory.finish(std::to_string(i), answer(i % 3 == 0 ? 500 : 200));
    }
    EXPECT_LE(memory.size(), 10U);
    EXPECT_EQ(memory.begin("998", request("a"), now).verdict, Verdict::repeated);
    EXPECT_EQ(memory.begin("1", request("a"), now).verdict, Verdict::fresh);
}

TEST(Idempotency, forgetting_a_released_key_leaves_its_successor) {
    Idempotency memory({.keys_max = 4});
    memory.begin("k", request("a"), now);
    memory.finish("k", answer(500));
    memory.begin("k", request("a"), now);
    memory.finish("k", answer(200));
    for (int i = 0; i < 2; ++i) memory.begin(std::to_string(i), request("a"), now);
    EXPECT_EQ(memory.begin("k", request("a"), now).verdict, Verdict::repeated);
}

TEST(Idempotency, keys_are_short_printable_text) {
    EXPECT_TRUE(Idempotency::is_key("8e03978e-40d5-43e8-bc93-6894a57f9324"));
    EXPECT_FALSE(Idempotency::is_key(""));
    EXPECT_FALSE(Idempotency::is_key(std::string(256, 'a')));
    EXPECT_FALSE(Idempotency::is_key("a\tb"));
}

}  // namespace
