#include "call/metric_family.hpp"

#include <fmt/format.h>

#include <iterator>

namespace call {

namespace {

// Decimal and exact: "12.5", never "1.25e+01".
std::string seconds(std::chrono::microseconds duration) {
    const auto microseconds = static_cast<std::uint64_t>(duration.count());
    std::string text = fmt::format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// In a label value backslash, quote and line feed are escaped, and nothing else is.
std::string escaped(std::string_view label) {
    std::string text;
    for (const char character : label) {
        if (character == '\n') {
            text += "\\n";
            continue;
        }
        if (character == '\\' || character == '"') text += '\\';
        text += character;
    }
    return text;
}

}  // namespace

MetricFamily::MetricFamily(std::string& out, std::string_view name, std::string_view type, std::string_view help)
    : out_(out), name_(name) {
    fmt::format_to(std::back_inserter(out_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void MetricFamily::sample(std::uint64_t value, Labels labels) {
    line("", labels, fmt::to_string(value));
}

void MetricFamily::sample(std::chrono::microseconds value, Labels labels) {
    line("", labels, seconds(value));
}

void MetricFamily::samples(std::string_view label, const LabelledCounter& counter) {
    for (const auto& [label_value, count] : counter.snapshot()) sample(count, {{label, label_value}});
}

void MetricFamily::samples(const Histogram& histogram, std::string_view label, std::string_view label_value) {
    const auto snapshot = histogram.snapshot();
    const std::pair<std::string_view, std::string_view> own{label, label_value};
    for (std::size_t bucket = 0; bucket < Histogram::bounds.size(); ++bucket) {
        line("_bucket", {own, {"le", seconds(Histogram::bounds[bucket])}}, fmt::to_string(snapshot.cumulative[bucket]));
    }
    line("_bucket", {own, {"le", "+Inf"}}, fmt::to_string(snapshot.count()));
    line("_sum", {own}, seconds(snapshot.sum));
    line("_count", {own}, fmt::to_string(snapshot.count()));
}

void MetricFamily::line(std::string_view suffix, Labels labels, std::string_view value) {
    fmt::format_to(std::back_inserter(out_), "{}{}", name_, suffix);
    char before = '{';
    for (const auto& [label, label_value] : labels) {
        if (label.empty()) continue;
        fmt::format_to(std::back_inserter(out_), "{}{}=\"{}\"", std::exchange(before, ','), label,
                       escaped(label_value));
    }
    fmt::format_to(std::back_inserter(out_), "{} {}\n", before == '{' ? "" : "}", value);
}

}  // namespace call
