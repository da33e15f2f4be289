#pragma once
// The file of rules: TOML, a table for each number, each beginning of numbers, and the rest.
//
//   [default]
//   greeting = "Hello. Thank you for calling."
//
//   ["+4930*"]
//   language_code = "de"
//
//   ["+49301234567"]
//   greeting = "Guten Tag."
//   max_calls = 20
//
// It is read as a whole: either all of it counts, or nothing, and then every mistake is told. Syntax: toml.io/en/v1.0.0

#include "numbers/rules.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace numbers {

inline constexpr std::size_t file_bytes_max = 4u << 20, rules_max = 10'000, mistakes_max = 100;

struct Mistake {
    Position position;
    std::string says;  // without anything that stands in quotes in the file, which may be secret
};

// In the order of the file. What is wrong in the syntax hides what stands behind it.
std::expected<Rules, std::vector<Mistake>> read_rules(std::string_view text);

// As compilers write them, "numbers.toml:12:3: …", a line for each.
std::string list_of(const std::vector<Mistake>& mistakes, std::string_view file_name);

}  // namespace numbers
