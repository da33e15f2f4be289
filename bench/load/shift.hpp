#pragma once
// One run: calls arrive at an even pace until as many are up as were asked for, and go on arriving as others end; then,
// for a while, it is measured; then everybody hangs up.

#include "load/server_watch.hpp"
#include "load/speech_upstream.hpp"
#include "load/tally.hpp"
#include "load/twilio_call.hpp"
#include "wire/loop.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace bench {

class Shift final : public Actor {
public:
    // `upstream` may be null: nobody asks it.
    Shift(Loop& loop, const Plan& plan, const ServerWatch& server, const UpstreamPlan* upstream);
    std::string report() const;  // JSON
    bool failed() const { return tally_.failures() != 0; }

private:
    void on_ready(std::uint32_t) override {}
    void on_due(std::int64_t now_ns) override;
    std::int64_t next_call_ns() const;
    void place_call();
    void pick_up(const std::string& call_sid, const std::optional<std::string>& parameters);

    // What has been used at an instant.
    struct Reading {
        std::int64_t at_ns = 0;
        double server_cpu = 0, own_cpu = 0, call_seconds = 0;
        std::uint64_t server_kb = 0;
        Tally tally;
    };
    Reading read(std::int64_t now_ns) const;

    Loop& loop_;
    Plan plan_;
    const ServerWatch& server_;
    const UpstreamPlan* upstream_;
    SSL_CTX* tls_;
    Tally tally_;
    std::uint32_t active_ = 0;
    std::uint64_t placed_ = 0;
    double call_seconds_ = 0;
    std::int64_t begun_ns_, last_ns_, window_begins_ns_, window_ends_ns_;
    Reading before_, begin_, end_;
};

}  // namespace bench
