#pragma once
// What can go wrong at ElevenLabs, by name: what the stand-in does on HTTP and on WebSocket when the fault is switched
// on, and the switches. The bodies are the shapes seen in live traffic and in users' reports. Whether a fault strikes
// before the first byte or in the middle of the audio is the switch's `after_bytes`, not the fault's. One that concerns
// the beginning, of an answer or of a socket, then strikes in two steps: the connection breaks there, and whoever asks
// for the rest, or opens the next socket, meets it.

#include <chrono>
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
    refuse,            // the status and body of the row
    other_body,        // status, content type and body of the row in place of the audio
    hang_silent,       // no answer at all, the connection stays
    hang_after_head,   // the connection stays
    stall,             // no more bytes, the connection stays
    drip,              // audio at a tenth of real time
    cut,               // the connection ends before the body does
    reset,             // TCP reset
    close_unanswered,  // the connection ends without an answer
    not_http,          // bytes that are no HTTP
    huge_head,         // half a megabyte of headers, and no end
    slow_start,        // first byte five seconds later
    tiny_chunks,       // one byte a chunk
    odd_chunks,        // 1, 3, 5, … bytes a chunk
    one_chunk,         // everything at once
    no_audio,          // a success with an empty body
    silence,           // as long as the speech would be
};

enum class SocketEffect {
    refuse,  // error frame, then the row's close code a little later
    close,   // the row's close code, without an error frame
    drop,    // the connection ends without a close frame
    reset,   // TCP reset
    stall,   // of this context; the others go on
    deaf,    // half dead: the connection stays, and nothing comes or is heard on it any more
    drip,
    slow_start,
    final_only,      // isFinal without any audio
    empty_audio,     // frames whose audio is empty, then isFinal
    one_frame,       // everything in one frame
    tiny_frames,     // one byte a frame
    odd_frames,      // 1, 3, 5, … bytes a frame
    other_text,      // a text that is not a speech message, in place of the audio
    bad_audio,       // audio that is not base64
    bad_frame,       // bytes that are no WebSocket frame
    huge_frame,      // the beginning of a frame of 17 MiB
    silence,         // as long as the speech would be
    refuse_upgrade,  // HTTP status and body of the row in place of 101
    hang_upgrade,    // no answer to the upgrade
};

// Of slow_start and drip: 10 ms of speech every 100 ms.
constexpr std::chrono::seconds slow_start{5};
constexpr std::size_t drip_bytes = 80;
constexpr std::chrono::milliseconds drip_pause{100};

// Whether it can strike the beginning of an answer, or of what is said in a context, only.
bool concerns_beginning(HttpEffect effect);
bool concerns_beginning(SocketEffect effect);
bool concerns_upgrade(SocketEffect effect);

struct Fault {
    std::string_view name;
    HttpEffect http;
    int status;                     // of refuse, other_body, refuse_upgrade
    std::string_view content_type;  // of these
    std::string_view body;          // of these and of other_text
    SocketEffect socket;
    std::uint16_t close_code;  // of refuse and close
    std::string_view error;    // of refuse: the error frame's "error"
};

std::span<const Fault> all_faults();
const Fault* find_fault(std::string_view name);
// What it does, in a few words, for people.
std::string described_on_http(const Fault& fault);
std::string described_on_websocket(const Fault& fault);

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
    // For a WebSocket upgrade, when no text is known yet: only faults of upgrades, for any text.
    std::optional<ArmedFault> take_for_upgrade();
    // A fault just taken cannot strike where it is to. Whoever asks for `text` next meets it at the beginning, or
    // whoever asks for anything when it strikes always. Returns how the answer of now breaks instead.
    ArmedFault postpone(const ArmedFault& fault, std::string_view text);
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
