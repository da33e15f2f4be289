#include "gateway/call_order.hpp"

#include "gateway/api_prefix.hpp"
#include "gateway/idempotency.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr std::array actions = {CallAction::list,  CallAction::show, CallAction::say,
                                CallAction::clear, CallAction::mark, CallAction::hang_up};
constexpr std::size_t instance_bytes_max = 64, call_sid_bytes_max = 128, query_bytes_max = 1'024;
constexpr std::size_t order_body_bytes_max = http::RequestParser::Limits{}.body_bytes_max;
constexpr std::chrono::milliseconds life_max{60'000};

bool is_printable(std::string_view text, std::size_t bytes_max) {
    return text.size() <= bytes_max && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_instance(std::string_view text) {
    return !text.empty() && is_printable(text, instance_bytes_max);
}

// The members of one object. A member of another kind than asked for spoils it.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const json::value* const value = object_.if_contains(name);
        if (value == nullptr) return {};
        if (value->is_string()) return std::string(value->get_string());
        whole_ = false;
        return {};
    }
    std::uint64_t number(std::string_view name) {
        const json::value* const value = object_.if_contains(name);
        if (value != nullptr && value->is_int64() && value->get_int64() >= 0)
            return static_cast<std::uint64_t>(value->get_int64());
        if (value != nullptr && value->is_uint64()) return value->get_uint64();
        whole_ = false;
        return 0;
    }
    bool whole() const { return whole_; }

private:
    const json::object& object_;
    bool whole_ = true;
};

std::optional<json::object> read_object(std::string_view text) {
    // What callers' numbers or texts hold is passed on as it is.
    json::parse_options as_it_is;
    as_it_is.allow_invalid_utf8 = true;
    boost::system::error_code error;
    json::value value = json::parse(text, error, {}, as_it_is);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

std::optional<OrderMessage> read_order(std::string_view stamped) {
    std::int64_t time = 0;
    const auto [rest, error] = std::from_chars(stamped.data(), stamped.data() + stamped.size(), time);
    stamped.remove_prefix(static_cast<std::size_t>(rest - stamped.data()));
    if (error != std::errc{} || time < 0 || !stamped.starts_with(' ')) return std::nullopt;
    const auto object = read_object(stamped.substr(1));
    if (!object) return std::nullopt;
    Members members(*object);
    CallOrder order{.number = members.number("number"), .from = members.text("from")};
    order.life = std::chrono::milliseconds(std::min<std::uint64_t>(members.number("life_ms"), life_max.count() + 1));
    const std::string name = members.text("action");
    const auto action = std::ranges::find(actions, name, [](CallAction known) { return std::string(name_of(known)); });
    if (action == actions.end()) return std::nullopt;
    order.action = *action;
    order.call_sid = members.text("call_sid");
    order.query = members.text("query");
    order.idempotency_key = members.text("key");
    order.body = members.text("body");
    if (!members.whole() || !is_fit(order)) return std::nullopt;
    return StampedOrder{.passed_on_at = std::chrono::milliseconds(time), .order = std::move(order)};
}

std::optional<OrderMessage> read_answer(std::string_view text) {
    const auto object = read_object(text);
    if (!object) return std::nullopt;
    Members members(*object);
    OrderAnswer answer{.number = members.number("number"), .from = members.text("from")};
    const std::uint64_t status = members.number("status");
    answer.retry_after = members.text("retry_after");
    answer.body = members.text("body");
    if (!members.whole() || status < 200 || status > 599 || !is_instance(answer.from)) return std::nullopt;
    answer.status = static_cast<int>(status);
    if (!std::ranges::all_of(answer.retry_after, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    return answer;
}

}  // namespace

const char* name_of(CallAction action) {
    switch (action) {
        case CallAction::list:
            return "list";
        case CallAction::show:
            return "show";
        case CallAction::say:
            return "say";
        case CallAction::clear:
            return "clear";
        case CallAction::mark:
            return "mark";
        case CallAction::hang_up:
            return "hangup";
    }
    return "unknown";
}

bool is_fit(const CallOrder& order) {
    const bool names_one = !order.call_sid.empty() && is_printable(order.call_sid, call_sid_bytes_max);
    return is_instance(order.from) && order.life > order.life.zero() && order.life <= life_max &&
           (order.action == CallAction::list ? order.call_sid.empty() : names_one) &&
           is_printable(order.query, query_bytes_max) &&
           (order.idempotency_key.empty() || Idempotency::is_key(order.idempotency_key)) &&
           order.body.size() <= order_body_bytes_max;
}

std::string write_order(const CallOrder& order) {
    json::object object{{"number", order.number},
                        {"from", order.from},
                        {"life_ms", order.life.count()},
                        {"action", name_of(order.action)}};
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) object[name] = text;
    };
    add("call_sid", order.call_sid);
    add("query", order.query);
    add("key", order.idempotency_key);
    add("body", order.body);
    return json::serialize(object);
}

std::string write_answer(const OrderAnswer& answer) {
    json::object object{{"number", answer.number}, {"from", answer.from}, {"status", answer.status}};
    if (!answer.retry_after.empty()) object["retry_after"] = answer.retry_after;
    object["body"] = answer.body;
    return "answer " + json::serialize(object);
}

std::optional<OrderMessage> read_message(std::string_view text) {
    constexpr std::string_view order = "order ", answer = "answer ";
    if (text.size() > order_message_bytes_max) return std::nullopt;
    if (text == "beat") return Beat{};
    if (text.starts_with(order)) return read_order(text.substr(order.size()));
    if (text.starts_with(answer)) return read_answer(text.substr(answer.size()));
    return std::nullopt;
}

http::Request request_of(const CallOrder& order) {
    std::string target = fmt::format("{}/calls", api_prefix);
    if (!order.call_sid.empty()) target += fmt::format("/{}", order.call_sid);
    const bool changes_something = order.action != CallAction::list && order.action != CallAction::show;
    if (changes_something) target += fmt::format("/{}", name_of(order.action));
    if (!order.query.empty()) target += fmt::format("?{}", order.query);
    http::Request request{.method = changes_something ? "POST" : "GET",
                          .target = std::move(target),
                          .headers = {{"Content-Type", "application/json"}},
                          .body = order.body};
    if (!order.idempotency_key.empty()) request.headers.emplace_back("Idempotency-Key", order.idempotency_key);
    return request;
}

http::Response response_of(const OrderAnswer& answer) {
    http::Response response = http::json(answer.body);
    response.status = answer.status;
    if (!answer.retry_after.empty()) response.headers.emplace_back("Retry-After", answer.retry_after);
    return response;
}

OrderAnswer answer_of(const CallOrder& order, std::string_view instance, const http::Response& response) {
    OrderAnswer answer{
        .number = order.number, .from = std::string(instance), .status = response.status, .body = response.body};
    for (const auto& [name, value] : response.headers) {
        if (name == "Retry-After") answer.retry_after = value;
    }
    return answer;
}

}  // namespace gateway
