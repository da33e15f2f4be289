#include "gateway/recording_name.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using gateway::read_recording_file_name;
using gateway::read_recording_name;
using gateway::recording_file_name;
using gateway::recording_name;
using gateway::RecordingState;
using gateway::WallTime;

constexpr WallTime morning = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + 8h + 15min + 2s + 417ms;
const std::string call_sid = "CA0123456789abcdef0123456789abcdef";

TEST(RecordingName, says_when_and_on_which_call) {
    const std::string name = recording_name(morning, call_sid, 0);
    EXPECT_EQ(name, "20261126T081502417Z-" + call_sid);
    EXPECT_EQ(recording_name(morning, call_sid, 7), name + "-7");
    EXPECT_EQ(gateway::iso_time(morning), "2026-11-26T08:15:02.417Z");
    for (const std::string& one : {name, name + "-7", name + "-9999"}) {
        const auto read = read_recording_name(one);
        ASSERT_TRUE(read) << one;
        EXPECT_EQ(read->began, morning);
        EXPECT_EQ(read->call_sid, call_sid);
    }
}

TEST(RecordingName, has_nothing_of_a_callsid_that_is_none) {
    for (const auto* const bad : {"", "../../etc/passwd", "a/b", "a b", "CA\n"}) {
        const std::string name = recording_name(morning, bad, 0);
        EXPECT_EQ(name, "20261126T081502417Z-call") << bad;
        EXPECT_EQ(read_recording_name(name)->call_sid, "");
    }
    EXPECT_EQ(recording_name(morning, std::string(65, 'a'), 0), "20261126T081502417Z-call");
}

TEST(RecordingName, is_nothing_else) {
    for (const auto* const bad :
         {"", ".", "..", "../20261126T081502417Z-CA1", "20261126T081502417Z-CA1/..", "20261126T081502417Z-",
          "20261126T081502417Z", "20261126T081502417Z-CA1-", "20261126T081502417Z-CA1-12345",
          "20261126T081502417Z-CA1-a", "20261326T081502417Z-CA1", "20261126T241502417Z-CA1", "20261126T081560417Z-CA1",
          "2026112aT081502417Z-CA1", "20261126T081502417z-CA1", "20261126 081502417Z-CA1",
          "20261126T081502417Z-CA1.wav", "20261126T081502417Z-..", "20261126T081502417Z-%2e%2e"}) {
        EXPECT_FALSE(read_recording_name(bad)) << bad;
    }
    EXPECT_FALSE(read_recording_name(std::string_view("20261126T081502417Z-CA1\0x", 25)));
}

TEST(RecordingName, of_a_file_tells_its_state) {
    const std::string name = recording_name(morning, call_sid, 0);
    for (const auto state : {RecordingState::whole, RecordingState::cut, RecordingState::being_written}) {
        const std::string file = recording_file_name(name, state);
        const auto read = read_recording_file_name(file);
        ASSERT_TRUE(read) << file;
        EXPECT_EQ(read->name, name);
        EXPECT_EQ(read->state, state);
    }
    EXPECT_EQ(recording_file_name(name, RecordingState::cut), name + ".cut.wav");
    for (const std::string& other :
         {std::string("notes.wav"), name, name + ".mp3", name + ".wav.bak", std::string(".wav")}) {
        EXPECT_FALSE(read_recording_file_name(other)) << other;
    }
}

}  // namespace
