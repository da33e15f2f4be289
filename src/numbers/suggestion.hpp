#pragma once
// For a word that is none of those we know: the one that was probably meant.

#include <span>
#include <string_view>

namespace numbers {

// Empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace numbers
