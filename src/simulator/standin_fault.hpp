#pragma once
// What can go wrong at ElevenLabs, by name: what the stand-in does on HTTP and on WebSocket when the fault is switched
// on, and the switches. The bodies are the shapes seen in live traffic and in users' reports. Whether a fault strikes
// before the first byte or in the middle of the audio is the switch's `after_bytes`, not the fault's.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

enum class HttpEffect {
    refuse,       // the status and body of the row
    other_body,   // status, content type and body of the row in place of the audio
    hang_silent,  // no answer at all, the connection stays
    hang_after_head,
    stall,        // no more bytes, the connection stays
    drip,         // audio at a tenth of real time
    cut,          // the body ends before its end
    reset,        // TCP reset
    slow_start,   // first byte five seconds later
    tiny_chunks,  // one byte a chunk
    odd_chunks,   // 1, 3, 5, … bytes a chunk
    one_chunk,    // everything at once
    no_audio,     // a success with an empty body
};

enum class SocketEffect {
    refuse,  // error frame, then close code 1008 (or the row's) a little later
    close,   // the row's close code, without an error frame
    drop,    // the connection breaks without a close frame
    stall,
    drip,
    slow_start,
    final_only,  // isFinal without any audio
    one_frame,   // everything in one frame
    tiny_frames,
    other_text,     // a text that is not a speech message, in place of the audio
    refuse_upgrade  // HTTP status and body of the row in place of 101
};

struct Fault {
    std::string_view name;
    HttpEffect http;
    int status;                     // of refuse and other_body
    std::string_view content_type;  // of other_body
    std::string_view body;          // of refuse, other_body, other_text
    SocketEffect socket;
    std::uint16_t close_code;  // of refuse and close
    std::string_view error;    // of refuse: the error frame's "error"
};

std::span<const Fault> all_faults();
const Fault* find_fault(std::string_view name);

struct ArmedFault {
    const Fault* fault = nullptr;
    std::size_t after_bytes = 0;       // of mu-law audio
    std::optional<std::size_t> times;  // nullopt: until reset
    std::string match_text;            // strikes only texts that contain it
};

// The faults switched on, oldest first. A request suffers the first that matches.
class FaultSwitches {
public:
    void arm(ArmedFault fault) { armed_.push_back(std::move(fault)); }
    void reset() { armed_.clear(); }
    std::optional<ArmedFault> take(std::string_view text);
    // For a WebSocket upgrade, when no text is known yet: only faults that refuse upgrades of any text.
    std::optional<ArmedFault> take_for_upgrade();
    const std::vector<ArmedFault>& armed() const { return armed_; }

private:
    ArmedFault take(std::vector<ArmedFault>::iterator armed);

    std::vector<ArmedFault> armed_;
};

// {"fault":"stall","after_bytes":4000,"times":2,"match_text":"…"}; the error is a sentence.
std::expected<ArmedFault, std::string> read_armed_fault(std::string_view json);
// name[:after_bytes[:times]], for command lines.
std::expected<ArmedFault, std::string> read_fault_option(std::string_view text);

}  // namespace simulator
