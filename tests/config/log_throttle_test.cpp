#include "log_throttle.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <sstream>

namespace {

using namespace std::chrono_literals;

class LogThrottleTest : public testing::Test {
protected:
    LogThrottleTest() : throttle(std::make_shared<spdlog::sinks::ostream_sink_st>(written)) {
        throttle.set_pattern("%v");
    }
    void log(std::string_view text, spdlog::level::level_enum level = spdlog::level::warn) {
        throttle.log(spdlog::details::log_msg(now, {}, "", level, text));
    }
    std::size_t lines() const {
        const std::string text = written.str();
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    spdlog::log_clock::time_point now{1'000h};
    std::ostringstream written;
    LogThrottle throttle;
};

TEST_F(LogThrottleTest, bounds_the_lines_of_an_event_and_tells_how_many_it_left_out) {
    for (int i = 0; i < 1'000; ++i) log("request refused peer=" + std::to_string(i));
    EXPECT_EQ(lines(), 500u);
    log("stream refused peer=1");
    EXPECT_EQ(lines(), 501u) << "another event has its own lines";
    now += 100ms;
    log("request refused peer=again");
    EXPECT_EQ(lines(), 503u);
    EXPECT_TRUE(
        written.str().ends_with("lines left out of=\"request refused\" count=500\nrequest refused peer=again\n"))
        << written.str().substr(written.str().size() - 200);
}

TEST_F(LogThrottleTest, leaves_calls_more_room_than_complaints) {
    for (int i = 0; i < 5'000; ++i) log("stream opened connection=1", spdlog::level::info);
    EXPECT_EQ(lines(), 5'000u);
    for (int i = 0; i < 50'000; ++i) log("stream opened connection=1", spdlog::level::info);
    EXPECT_EQ(lines(), 10'000u);
}

TEST_F(LogThrottleTest, leaves_nothing_out_when_the_clock_is_set_back) {
    log("request refused peer=1");
    now -= 24h;
    log("request refused peer=2");
    EXPECT_EQ(lines(), 2u);
}

TEST_F(LogThrottleTest, what_was_asked_for_by_a_low_level_is_all_there) {
    for (int i = 0; i < 50'000; ++i) log("detail x=1", spdlog::level::debug);
    EXPECT_EQ(lines(), 50'000u);
}

}  // namespace
