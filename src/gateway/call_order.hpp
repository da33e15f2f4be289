#pragma once
// What servers say to each other through Redis (call_orders.hpp): a request of the API that another one is to carry
// out, and its answer.
//
//   order 1764167400123
//   {"number":7,"from":"0f3a…","life_ms":2000,"action":"say","call_sid":"CA…","key":"…","body":"{…}"} answer
//   {"number":7,"from":"9b21…","status":429,"retry_after":"1","body":"{…}"} beat                    on one's own
//   channel: the line is alive
//
// The time is that of Redis when it passed the order on. Whoever may write to Redis may write these, so they are read
// as strictly as anything else from outside.

#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gateway {

// What the API does with calls. All but `list` name one.
enum class CallAction { list, show, say, clear, mark, hang_up };
const char* name_of(CallAction action);  // its last part in the URL of those that have one

struct CallOrder {
    std::uint64_t number = 0;  // of the one who asks
    std::string from{};        // instance
    std::chrono::milliseconds life{};
    CallAction action{};
    std::string call_sid{};
    std::string query{};            // of list
    std::string idempotency_key{};  // empty: none
    std::string body{};             // JSON, or empty

    friend bool operator==(const CallOrder&, const CallOrder&) = default;
};

struct OrderAnswer {
    std::uint64_t number = 0;  // of the order
    std::string from{};
    int status = 0;
    std::string retry_after{};  // empty: not said
    std::string body{};         // JSON

    friend bool operator==(const OrderAnswer&, const OrderAnswer&) = default;
};

// Without what stands before the object.
std::string write_order(const CallOrder& order);
std::string write_answer(const OrderAnswer& answer);  // the whole message

// Whether it is what read_message() takes.
bool is_fit(const CallOrder& order);

struct Beat {};
struct StampedOrder {
    std::chrono::milliseconds passed_on_at{};  // by the clock of Redis
    CallOrder order{};
};
using OrderMessage = std::variant<Beat, StampedOrder, OrderAnswer>;
inline constexpr std::size_t order_message_bytes_max = 2u << 20;

// nullopt: none of these.
std::optional<OrderMessage> read_message(std::string_view text);

// The request that the order stands for, and the answer as others give it.
http::Request request_of(const CallOrder& order);
http::Response response_of(const OrderAnswer& answer);
OrderAnswer answer_of(const CallOrder& order, std::string_view instance, const http::Response& response);

}  // namespace gateway
