#include "http/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace http {

namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

RangeAnswer answer_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    const RangeAnswer whole{.status = 200, .range = {0, size}};
    if (!header.starts_with(unit)) return whole;
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) return whole;
    const std::string_view from = header.substr(0, dash), to = header.substr(dash + 1);
    const auto first = number_in(from), last = number_in(to);
    if ((!first && !from.empty()) || (!last && !to.empty()) || (!first && !last)) return whole;
    if (first && last && *last < *first) return whole;
    if (!first) {  // the last so many
        const std::uint64_t wanted = std::min(*last, size);
        if (wanted == 0) return {.status = 416, .range = {}};
        return {.status = 206, .range = {size - wanted, wanted}};
    }
    if (*first >= size) return {.status = 416, .range = {}};
    const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
    return {.status = 206, .range = {*first, end - *first + 1}};
}

}  // namespace http
