#pragma once
// What became of one simulated call, as the caller and as Twilio's debugger saw it; as text for people and as JSON for
// programs.

#include "simulator/ear.hpp"
#include "simulator/notice.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

enum class Outcome {
    completed,          // every step of the TwiML was run, or the caller hung up
    rejected,           // <Reject>
    application_error,  // no usable TwiML: Twilio plays "an application error has occurred"
};

// How one Media Stream ended.
enum class StreamEnd { not_opened, caller_hung_up, server_closed, lost, protocol_error, dropped_by_caller };

struct StreamReport {
    std::string stream_sid;
    StreamEnd end = StreamEnd::not_opened;
    std::uint16_t close_code = 0;  // 0: no close frame
    std::string close_reason;
    std::optional<std::chrono::nanoseconds> webhook_to_start;      // request sent until `start` sent
    std::optional<std::chrono::nanoseconds> start_to_first_audio;  // pick-up until the first media message
    std::optional<std::chrono::nanoseconds> webhook_to_first_audio;
    std::chrono::nanoseconds length{};  // of the stream
    std::chrono::nanoseconds
        lateness{};  // the worst of this simulator's own timers: gaps of this size are not the server's fault
    std::uint64_t frames_sent = 0, bad_frames = 0;
    Ear ear{Ear::Options{}};
};

struct CallReport {
    std::string call_sid;
    Outcome outcome = Outcome::completed;
    std::vector<std::string> steps;   // TwiML verbs run, in order
    std::vector<std::string> spoken;  // texts of <Say>
    std::vector<Notice> notices;      // Twilio's errors and warnings, in order
    std::vector<StreamReport> streams;
    std::chrono::nanoseconds webhook_time{};  // request until the whole answer
    std::chrono::nanoseconds length{};        // of the call

    bool heard_speech() const;
    std::size_t gaps() const;
    // Speech without a gap, and nothing for the debugger.
    bool flawless() const {
        return heard_speech() && gaps() == 0 && notices.empty() && outcome != Outcome::application_error;
    }
    // Everything heard on all streams, one after the other.
    std::vector<std::byte> recording() const;
};

std::string_view name(Outcome outcome);
std::string_view name(StreamEnd end);

std::string describe(const CallReport& report);
boost::json::object to_json(const CallReport& report);

// Many calls in a few figures.
class CallSummary {
public:
    void add(const CallReport& report);

    std::size_t calls() const { return calls_; }
    bool flawless() const { return calls_ > 0 && flawless_ == calls_; }
    std::string describe() const;
    boost::json::object to_json() const;

private:
    std::size_t calls_ = 0, flawless_ = 0, heard_ = 0, gaps_ = 0, notices_ = 0, application_errors_ = 0, rejected_ = 0;
    std::chrono::nanoseconds longest_gap_{}, lateness_{};
    std::vector<std::chrono::nanoseconds> first_audio_, webhook_to_first_audio_, webhook_times_;
    std::vector<std::pair<Notice, std::size_t>> distinct_notices_;
};

}  // namespace simulator
