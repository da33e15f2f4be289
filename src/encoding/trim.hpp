#pragma once

#include <string_view>

namespace encoding {

// Without the blanks (and a line's CR) around it.
std::string_view trimmed(std::string_view text);

}  // namespace encoding
