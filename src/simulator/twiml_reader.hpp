#pragma once
// Reads TwiML as strictly as Twilio: well-formed XML with <Response> as its root, at most 64 kB, verbs and attributes
// by their exact names. What Twilio only warns of becomes a warning, and the rest still runs.

#include "simulator/notice.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace simulator {

struct Say {
    std::string text, voice, language;
};
struct Play {
    std::string url;
};
struct Pause {
    std::chrono::seconds length{1};
};
struct ConnectStream {
    std::string url;  // as Twilio will use it: without query and fragment
    std::vector<std::pair<std::string, std::string>> parameters;
    std::optional<std::string> action;  // of <Connect>
    std::string method = "POST";
    std::optional<Notice> fault;  // why this stream cannot be opened
};
struct Hangup {};
struct Reject {
    std::string reason = "rejected";
};
struct Redirect {
    std::string url, method = "POST";
};
// A verb that exists but that this simulator does not act out (Gather, Dial, …).
struct NotSimulated {
    std::string verb;
};

using Step = std::variant<Say, Play, Pause, ConnectStream, Hangup, Reject, Redirect, NotSimulated>;

struct Twiml {
    std::vector<Step> steps;
    std::vector<Notice> warnings;
};

inline constexpr std::size_t twiml_bytes_max = 64 * 1024;

// `plain_streams`: ws:// is allowed as well, for servers on this machine.
std::expected<Twiml, Notice> read_twiml(std::string_view xml, bool plain_streams = false);

}  // namespace simulator
