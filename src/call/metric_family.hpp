#pragma once
// Prometheus' text format (exposition format 0.0.4), one metric at a time: its HELP and TYPE lines, then its samples.

#include "call/histogram.hpp"
#include "call/labelled_counter.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace call {

class MetricFamily {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    // `type` is "counter", "gauge" or "histogram". Writes to `out`, whatever stands in it already.
    MetricFamily(std::string& out, std::string_view name, std::string_view type, std::string_view help);

    void sample(std::uint64_t value, Labels labels = {});
    void sample(std::chrono::microseconds value, Labels labels = {});  // in seconds
    void samples(std::string_view label, const LabelledCounter& counter);
    void samples(const Histogram& histogram, std::string_view label = {}, std::string_view label_value = {});

private:
    void line(std::string_view suffix, Labels labels, std::string_view value);

    std::string& out_;
    std::string_view name_;
};

}  // namespace call
