#pragma once
// JSON in and out of the API. A fault is a sentence for `detail`.

#include "http/message.hpp"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

// The request's body; an absent one is an empty object. The error is the answer to give.
std::expected<boost::json::object, http::Response> json_body(const http::Request& request);

// The member of that name. One that is absent or null changes nothing.
std::optional<std::string> read_string(const boost::json::object& object, std::string_view name, std::string& into);
std::optional<std::string> read_number(const boost::json::object& object, std::string_view name, double low,
                                       double high, double& into);
std::optional<std::string> read_bool(const boost::json::object& object, std::string_view name, bool& into);

// The string of that name, which must be one of `choices`; the first one is the default.
std::expected<std::string, std::string> read_choice(const boost::json::object& object, std::string_view name,
                                                    std::initializer_list<std::string_view> choices);

// An empty string says that nothing is known.
boost::json::value text_or_null(const std::string& text);
std::int64_t whole_milliseconds(std::chrono::microseconds duration);

http::Response json_page(int status, const boost::json::object& page);

// 503, to be asked again in a second.
http::Response not_reached(std::string_view detail);

}  // namespace gateway
