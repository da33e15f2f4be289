#pragma once
// How a call stands at Twilio. Source: twilio.com/docs/voice/api/call-resource#call-status-values.

#include <array>
#include <optional>
#include <string_view>

namespace twilio {

enum class CallStatus { queued, initiated, ringing, in_progress, completed, busy, no_answer, canceled, failed };

inline constexpr std::array<std::string_view, 9> call_status_names{
    "queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "canceled", "failed"};

constexpr std::string_view name_of(CallStatus status) {
    return call_status_names[static_cast<std::size_t>(status)];
}

constexpr std::optional<CallStatus> call_status(std::string_view name) {
    for (std::size_t i = 0; i < call_status_names.size(); ++i) {
        if (name == call_status_names[i]) return static_cast<CallStatus>(i);
    }
    return std::nullopt;
}

constexpr bool is_final(CallStatus status) {
    return status >= CallStatus::completed;
}

// Of two reports without sequence numbers the one of higher rank is the later: a call goes one way only.
constexpr int rank_of(CallStatus status) {
    return is_final(status) ? static_cast<int>(CallStatus::completed) : static_cast<int>(status);
}

}  // namespace twilio
