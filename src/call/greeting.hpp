#pragma once
// The text a caller hears, from a template: "Hello {name}, you called {to}."

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace call {

using GreetingValues = std::vector<std::pair<std::string, std::string>>;

// `{name}` is replaced by its value, by nothing when there is none; `{{` and `}}` stand for braces. Values are not
// looked through for braces; braces that check_greeting() faults stand for themselves. The text is cut at a whole word
// at `text_bytes_max`, so that a hostile parameter cannot make a call speak for hours.
std::string fill_greeting(std::string_view greeting, const GreetingValues& values, std::size_t text_bytes_max = 5000);

// The names between its braces, as often as they stand there.
std::vector<std::string_view> names_in(std::string_view greeting);

// What is wrong with a template: an unclosed or empty brace. For the start-up check.
std::expected<void, std::string> check_greeting(std::string_view greeting);

}  // namespace call
