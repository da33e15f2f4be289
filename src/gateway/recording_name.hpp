#pragma once
// How recordings are called: when and on which call they began, "20261126T081502417Z-CA…". The name is all a client
// may say of a file, and nothing that is not such a name ever becomes part of a path.
//
//   <name>.wav       all there is to it
//   <name>.cut.wav   broken off: the program or the disk ended before the call did
//   <name>.part      being written

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// `number` tells apart what would be called the same; 0: nothing does. A CallSid that is not letters and digits, which
// only a peer can bring that shows no token, is left out.
std::string recording_name(WallTime began, std::string_view call_sid, unsigned number);

std::string iso_time(WallTime time);  // "2026-11-26T08:15:02.417Z"

struct RecordingName {
    WallTime began{};
    std::string_view call_sid{};  // empty when it was left out
};
std::optional<RecordingName> read_recording_name(std::string_view name);

enum class RecordingState { whole, cut, being_written };
std::string recording_file_name(std::string_view name, RecordingState state);

struct RecordingFileName {
    std::string_view name;
    RecordingState state;
};
// nullopt: not one of ours.
std::optional<RecordingFileName> read_recording_file_name(std::string_view file_name);

}  // namespace gateway
