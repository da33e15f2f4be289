#pragma once
// The rules in words, for who wrote them: what each number gets, and which line says so.

#include "numbers/rules.hpp"

#include <string>
#include <string_view>

namespace numbers {

// Every rule with all it comes to, and below, what counts where none has a say.
std::string explain(const Rules& rules, const CallSettings& servers, std::string_view file_name);

// The rules that fit one number, and each of its values with the rule that gives it.
std::string explain_number(const Rules& rules, const CallSettings& servers, std::string_view file_name,
                           std::string_view number);

}  // namespace numbers
