#pragma once
// Telephone numbers as Twilio takes them: ITU-T E.164, a plus, no leading zero, at most 15 digits.

#include <algorithm>
#include <string_view>

namespace twilio {

inline bool is_e164(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() >= 3 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           std::ranges::all_of(text.substr(1), digit);
}

}  // namespace twilio
