#pragma once
// A bound on the log: of each event so many lines a second, so that whoever provokes refusals by the thousand fills no
// disk. Calls may have more than complaints. What is left out is counted, and told in a line of its own as soon as that
// event may be logged again.

#include <spdlog/sinks/sink.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

class LogThrottle final : public spdlog::sinks::sink {
public:
    // Of one event.
    static constexpr double warnings_per_second = 50, lines_per_second = 1'000, burst_seconds = 10;
    static constexpr std::size_t events_max = 256;  // they are literals of the program; more would share one bucket

    explicit LogThrottle(std::shared_ptr<spdlog::sinks::sink> behind) : behind_(std::move(behind)) {}

    void log(const spdlog::details::log_msg& message) override;
    void flush() override { behind_->flush(); }
    void set_pattern(const std::string& pattern) override { behind_->set_pattern(pattern); }
    void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
        behind_->set_formatter(std::move(formatter));
    }

private:
    struct Bucket {
        double tokens;
        spdlog::log_clock::time_point filled;
        std::uint64_t left_out = 0;
    };
    // nullopt: leave it out. Else how many before it were.
    std::optional<std::uint64_t> admit(std::string_view event, double per_second, spdlog::log_clock::time_point now);

    const std::shared_ptr<spdlog::sinks::sink> behind_;
    std::mutex mutex_;
    std::map<std::string, Bucket, std::less<>> buckets_;
};
