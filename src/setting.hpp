#pragma once
// One row of the configuration's tables, and how its values are read.

#include "config.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using Fault = std::optional<std::string>;  // what is wrong with a value: the second half of a sentence

struct Setting : SettingDescription {
    using Apply = Fault (*)(Configuration&, const std::string& value);

    constexpr Setting(const char* name, const char* other_name, const char* its_flag, const char* its_standard,
                      const char* its_help, Apply applies)
        : SettingDescription{name, other_name, its_flag, its_standard, its_help}, apply(applies) {}

    Apply apply;
};

inline Fault number(const std::string& text, std::int64_t low, std::int64_t high, auto&& assign) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        return fmt::format("must be a whole number from {} to {}, not '{}'", low, high, text);
    }
    assign(value);
    return std::nullopt;
}

inline Fault address_ranges(const std::string& text, std::vector<net::IpRange>& into) {
    auto ranges = net::parse_ip_ranges(text);
    if (!ranges) {
        return fmt::format("has '{}' in it, which is neither an IP address nor a range such as 10.0.0.0/8",
                           ranges.error());
    }
    into = std::move(*ranges);
    return std::nullopt;
}

// The bounds an operator may move (limit_settings.cpp); docs/limits.md tells about all of them.
std::span<const Setting> limit_settings();

inline Fault milliseconds(const std::string& text, std::int64_t low, std::int64_t high,
                          std::chrono::milliseconds& into) {
    return number(text, low, high, [&](std::int64_t value) { into = std::chrono::milliseconds(value); });
}

inline Fault mebibytes(const std::string& text, std::int64_t low, std::int64_t high, std::size_t& into_bytes) {
    return number(text, low, high, [&](std::int64_t value) { into_bytes = static_cast<std::size_t>(value) << 20; });
}
