#include "gateway/call_order.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using gateway::CallAction;
using gateway::CallOrder;
using gateway::OrderAnswer;
using gateway::read_message;
using gateway::StampedOrder;
using std::chrono::milliseconds;

const CallOrder order{.number = 7,
                      .from = "0f3a",
                      .life = milliseconds(2'000),
                      .action = CallAction::say,
                      .call_sid = "CA1",
                      .query = {},
                      .idempotency_key = "my key",
                      .body = R"({"text":"Grüße, \"Sie\""})"};

TEST(CallOrder, is_read_as_it_was_written) {
    const auto read = read_message("order 1764167400123 " + gateway::write_order(order));
    ASSERT_TRUE(read && std::holds_alternative<StampedOrder>(*read));
    EXPECT_EQ(std::get<StampedOrder>(*read).passed_on_at, milliseconds(1'764'167'400'123));
    EXPECT_EQ(std::get<StampedOrder>(*read).order, order);
}

TEST(CallOrder, carries_bytes_that_are_no_text) {
    CallOrder odd = order;
    odd.body = "\xFF\xFE \x01";
    const auto read = read_message("order 1 " + gateway::write_order(odd));
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<StampedOrder>(*read).order.body, odd.body);
}

TEST(CallOrder, stands_for_the_request_it_was) {
    const http::Request request = gateway::request_of(order);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/v1/elevenlabs-twilio/calls/CA1/say");
    EXPECT_EQ(request.header("Idempotency-Key"), "my key");
    EXPECT_EQ(request.header("Content-Type"), "application/json");
    EXPECT_EQ(request.body, order.body);
    CallOrder list{.from = "a", .life = milliseconds(1), .action = CallAction::list, .query = "limit=1"};
    EXPECT_EQ(gateway::request_of(list).target, "/api/v1/elevenlabs-twilio/calls?limit=1");
    CallOrder show{.from = "a", .life = milliseconds(1), .action = CallAction::show, .call_sid = "CA1"};
    EXPECT_EQ(gateway::request_of(show).method, "GET");
    EXPECT_EQ(gateway::request_of(show).target, "/api/v1/elevenlabs-twilio/calls/CA1");
}

TEST(CallOrder, an_answer_comes_back_whole) {
    http::Response response = http::error(429, "Too much is waiting.");
    response.headers.emplace_back("Retry-After", "1");
    const OrderAnswer answer = gateway::answer_of(order, "9b21", response);
    EXPECT_EQ(answer.number, 7u);
    const auto read = read_message(gateway::write_answer(answer));
    ASSERT_TRUE(read && std::holds_alternative<OrderAnswer>(*read));
    EXPECT_EQ(std::get<OrderAnswer>(*read), answer);
    const http::Response back = gateway::response_of(std::get<OrderAnswer>(*read));
    EXPECT_EQ(back.status, 429);
    EXPECT_EQ(back.body, response.body);
    EXPECT_EQ(back.content_type, response.content_type);
    EXPECT_EQ(back.headers, response.headers);
}

TEST(CallOrder, what_is_none_is_not_taken_for_one) {
    EXPECT_TRUE(std::holds_alternative<gateway::Beat>(*read_message("beat")));
    for (const std::string text : {
             "",
             "beats",
             "order",
             "order {}",
             "order -1 {}",
             "order 99999999999999999999 {}",
             "order 1 []",
             R"(order 1{"number":7,"from":"a","life_ms":1,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":"7","from":"a","life_ms":1,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":-7,"from":"a","life_ms":1,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"","life_ms":1,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a b","life_ms":1,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a","life_ms":0,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a","life_ms":60001,"action":"show","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"sing","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"show"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"show","call_sid":"CA1\r\n"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"list","call_sid":"CA1"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"say","call_sid":"CA1","key":"\n"})",
             R"(order 1 {"number":7,"from":"a","life_ms":1,"action":"say","call_sid":"CA1","body":{}})",
             R"(answer {"number":7,"from":"a","status":199,"body":""})",
             R"(answer {"number":7,"from":"a","status":600,"body":""})",
             R"(answer {"number":7,"from":"a","status":200,"body":"","retry_after":"1\r\nX: y"})",
             R"(answer {"number":7,"status":200,"body":""})",
         }) {
        EXPECT_FALSE(read_message(text)) << text;
    }
    const std::string whole = gateway::write_order(order);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_message("order 1 " + whole.substr(0, size)));
}

TEST(CallOrder, is_bounded) {
    CallOrder long_one = order;
    long_one.body.assign(64 * 1024, 'x');
    EXPECT_TRUE(gateway::is_fit(long_one));
    long_one.body += 'x';
    EXPECT_FALSE(gateway::is_fit(long_one));
    EXPECT_FALSE(read_message("order 1 " + gateway::write_order(long_one)));
    const std::string text =
        gateway::write_answer({.number = 1, .from = "a", .status = 200, .retry_after = {}, .body = {}});
    EXPECT_TRUE(read_message(text));
    EXPECT_FALSE(read_message(text + std::string(gateway::order_message_bytes_max, ' ')));
}

}  // namespace
