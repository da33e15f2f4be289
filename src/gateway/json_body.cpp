#include "gateway/json_body.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

const json::value* member(const json::object& object, std::string_view name) {
    const auto* given = object.if_contains(name);
    return given == nullptr || given->is_null() ? nullptr : given;
}

}  // namespace

std::expected<json::object, http::Response> json_body(const http::Request& request) {
    if (request.body.empty()) return json::object{};
    if (!request.header("Content-Type").starts_with("application/json")) {
        return std::unexpected(http::error(415, "The body must be application/json."));
    }
    boost::system::error_code error;
    json::value value = json::parse(request.body, error);
    if (error || !value.is_object()) return std::unexpected(http::error(422, "The body must be a JSON object."));
    return std::move(value.get_object());
}

std::optional<std::string> read_string(const json::object& object, std::string_view name, std::string& into) {
    const auto* given = member(object, name);
    if (given == nullptr) return std::nullopt;
    if (!given->is_string()) return fmt::format("{} must be a string.", name);
    into = given->get_string();
    return std::nullopt;
}

std::optional<std::string> read_number(const json::object& object, std::string_view name, double low, double high,
                                       double& into) {
    const auto* given = member(object, name);
    if (given == nullptr) return std::nullopt;
    boost::system::error_code error;
    const double number = given->to_number<double>(error);
    if (error || !(number >= low && number <= high))
        return fmt::format("{} must be a number from {} to {}.", name, low, high);
    into = number;
    return std::nullopt;
}

std::optional<std::string> read_bool(const json::object& object, std::string_view name, bool& into) {
    const auto* given = member(object, name);
    if (given == nullptr) return std::nullopt;
    if (!given->is_bool()) return fmt::format("{} must be true or false.", name);
    into = given->get_bool();
    return std::nullopt;
}

std::expected<std::string, std::string> read_choice(const json::object& object, std::string_view name,
                                                    std::initializer_list<std::string_view> choices) {
    std::string choice(*choices.begin());
    if (auto fault = read_string(object, name, choice)) return std::unexpected(std::move(*fault));
    if (std::ranges::find(choices, std::string_view(choice)) == choices.end()) {
        return std::unexpected(fmt::format("{} must be one of: {}.", name, fmt::join(choices, ", ")));
    }
    return choice;
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

std::int64_t whole_milliseconds(std::chrono::microseconds duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

http::Response json_page(int status, const json::object& page) {
    http::Response response = http::json(json::serialize(page));
    response.status = status;
    return response;
}

http::Response not_reached(std::string_view detail) {
    http::Response response = http::error(503, detail);
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

}  // namespace gateway
