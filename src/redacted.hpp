#pragma once
// A value that must not reach a log: keys, tokens, phone numbers, spoken text. It formats as "[redacted]"; code that
// really needs the value says so with reveal(), which makes every use easy to find.

#include <fmt/format.h>

#include <compare>
#include <string>
#include <utility>

template <class T>
class Redacted {
public:
    Redacted() = default;
    explicit Redacted(T value) : value_(std::move(value)) {}

    const T& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

    friend bool operator==(const Redacted&, const Redacted&) = default;
    friend auto operator<=>(const Redacted&, const Redacted&) = default;

private:
    T value_{};
};

using Secret = Redacted<std::string>;

template <class T>
struct fmt::formatter<Redacted<T>> : fmt::formatter<fmt::string_view> {
    auto format(const Redacted<T>&, fmt::format_context& context) const {
        return fmt::formatter<fmt::string_view>::format("[redacted]", context);
    }
};
