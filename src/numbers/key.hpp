#pragma once
// The keys that a rule may set, each the server's setting of that name in small letters: how a value is checked, what
// it changes, and how it is shown. One table (key.cpp), from which the file is read and explained.

#include "numbers/call_settings.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace numbers {

struct Other {};  // a date, a list, a table: no key takes one
using Value = std::variant<Other, bool, std::int64_t, double, std::string>;

struct Key {
    std::string_view name;
    // Changes the settings, or tells what the value must be: the second half of a sentence, which never quotes it.
    std::optional<std::string> (*apply)(const Value& value, CallSettings& settings);
    std::string (*show)(const CallSettings& settings);  // as the file would have it; empty: there is no value
};

std::span<const Key> keys();
const Key* find_key(std::string_view name);

}  // namespace numbers
