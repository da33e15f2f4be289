#include "setting.hpp"

#include <array>

namespace {

// clang-format off
const std::array settings{
    Setting{"MAX_CALLS", nullptr, "--max-calls", "10000", "calls at once; further ones hear BUSY_TEXT",
            [](Configuration& to, const std::string& text) { return number(text, 1, 1'000'000, [&](std::int64_t v) { to.gateway.calls_max = static_cast<std::size_t>(v); }); }},
    Setting{"BUSY_TEXT", nullptr, "--busy-text", "All our lines are busy. …", "spoken by Twilio when no call can be taken",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.busy_text = text; return std::nullopt; }},
    Setting{"MAX_LOOP_LAG_MS", nullptr, "--max-loop-lag-ms", "500", "how late an event loop may be (95th percentile of 6 s) and still take new calls; 0: however late",
            [](Configuration& to, const std::string& text) { return milliseconds(text, 0, 60'000, to.gateway.loop_lag_max); }},
    Setting{"MAX_CALL_SECONDS", nullptr, "--max-call-seconds", "14400", "longest call",
            [](Configuration& to, const std::string& text) { return number(text, 1, 86'400, [&](std::int64_t v) { to.gateway.session.call_duration_max = std::chrono::seconds(v); }); }},
    Setting{"MAX_CONNECTIONS", nullptr, "--max-connections", "what the descriptor limit allows, less a reserve", "connections at once, calls included",
            [](Configuration& to, const std::string& text) { return number(text, 16, 10'000'000, [&](std::int64_t v) { to.gateway.sockets.sockets_max = static_cast<std::size_t>(v); }); }},
    Setting{"MAX_CONNECTIONS_PER_ADDRESS", nullptr, "--max-connections-per-address", "1000", "connections from one address that are not (yet) a call's stream",
            [](Configuration& to, const std::string& text) { return number(text, 1, 10'000'000, [&](std::int64_t v) { to.gateway.sockets.per_address_max = static_cast<std::size_t>(v); }); }},
    Setting{"MAX_WAITING_CONNECTIONS", nullptr, "--max-waiting-connections", "8192", "connections without a complete request or a started stream; the one that has waited longest goes",
            [](Configuration& to, const std::string& text) { return number(text, 16, 10'000'000, [&](std::int64_t v) { to.gateway.waiting.guests_max = static_cast<std::size_t>(v); }); }},
    Setting{"UNLIMITED_FROM", nullptr, "--unlimited-from", "127.0.0.0/8, ::1", "addresses and networks that are not limited by address: those of a proxy or a monitor; - for none",
            [](Configuration& to, const std::string& text) { return address_ranges(text == "-" ? "" : text, to.gateway.unlimited); }},
    Setting{"REQUESTS_PER_SECOND", nullptr, "--requests-per-second", "100", "of one address to the API and the open pages, after ten times as many at once; 0: any number",
            [](Configuration& to, const std::string& text) { return number(text, 0, 1'000'000, [&](std::int64_t v) { to.gateway.address_limits.requests_per_second = static_cast<double>(v); }); }},
    Setting{"REFUSALS_PER_SECOND", nullptr, "--refusals-per-second", "10", "wrong keys, signatures and addresses of one address that are answered as such, after ten times as many at once; then 429; 0: any number",
            [](Configuration& to, const std::string& text) { return number(text, 0, 1'000'000, [&](std::int64_t v) { to.gateway.address_limits.refusals_per_second = static_cast<double>(v); }); }},
    Setting{"CALLS_PER_CALLER_PER_MINUTE", nullptr, "--calls-per-caller-per-minute", "60", "calls of one number; further ones hear CALLER_LIMIT_TEXT; 0: any number",
            [](Configuration& to, const std::string& text) { return number(text, 0, 1'000'000, [&](std::int64_t v) { to.gateway.calls_per_caller_per_minute = static_cast<double>(v); }); }},
    Setting{"CALLER_LIMIT_TEXT", nullptr, "--caller-limit-text", "You have called very often. …", "spoken by Twilio to who calls too often",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.caller_limit_text = text; return std::nullopt; }},
    Setting{"MAX_LIVE_LISTENERS", nullptr, "--max-live-listeners", "16", "consoles, or others who listen to GET /live, at once",
            [](Configuration& to, const std::string& text) { return number(text, 0, 1'000, [&](std::int64_t v) { to.gateway.live_listeners_max = static_cast<std::size_t>(v); }); }},
    Setting{"REQUEST_TIMEOUT_SECONDS", nullptr, "--request-timeout-seconds", "10", "from a request's first byte to its last, and from a connection to its first byte",
            [](Configuration& to, const std::string& text) { return number(text, 1, 3'600, [&](std::int64_t v) { to.gateway.request_timeout = std::chrono::seconds(v); }); }},
    Setting{"IDLE_TIMEOUT_SECONDS", nullptr, "--idle-timeout-seconds", "60", "how long a connection may do nothing between two requests",
            [](Configuration& to, const std::string& text) { return number(text, 1, 3'600, [&](std::int64_t v) { to.gateway.idle_timeout = std::chrono::seconds(v); }); }},
};
// clang-format on

}  // namespace

std::span<const Setting> limit_settings() {
    return settings;
}
