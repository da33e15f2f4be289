#pragma once
// application/x-www-form-urlencoded bodies and query strings (WHATWG URL, section 5): what Twilio's webhooks carry.

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace encoding {

// Names and values in order of arrival, decoded; names may repeat.
using FormFields = std::vector<std::pair<std::string, std::string>>;

enum class FormError { too_many_fields };

inline constexpr std::size_t form_fields_max = 1000;

// `+` is a space, `%XX` a byte; a `%` that no two hex digits follow stands for itself, as browsers and Twilio's
// libraries read it.
std::expected<FormFields, FormError> parse_form(std::string_view body);
std::string write_form(const FormFields& fields);

// The first value under `name`.
std::optional<std::string_view> find(const FormFields& fields, std::string_view name);

std::string percent_encode(std::string_view text);  // everything but unreserved characters (RFC 3986)
std::string percent_decode(std::string_view text);  // a `+` stands for itself

}  // namespace encoding
