#pragma once
// One Media Stream of a simulated call: opens the WebSocket as Twilio does, sends what the line sends, judges and hears
// what comes back, and makes the trouble it was asked to make.

#include "net/websocket_client.hpp"
#include "simulator/call_report.hpp"
#include "simulator/ear.hpp"
#include "simulator/frame_check.hpp"
#include "simulator/line.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace simulator {

// When the caller hangs up. Without `hold`: when the message is over.
struct Patience {
    std::optional<std::chrono::milliseconds> hold;  // after pick-up, in any case
    std::chrono::milliseconds after_mark{1'000};    // of silence behind a reached mark: the message is over
    std::chrono::milliseconds without_mark{5'000};  // of silence when no mark says so
    std::chrono::milliseconds for_first_word{30'000};
    std::chrono::milliseconds longest{600'000};
};

struct Trouble {
    std::optional<std::chrono::milliseconds> hang_up_after;    // orderly, in the middle of the message
    std::optional<std::chrono::milliseconds> reset_after;      // TCP reset, no close frame
    std::optional<std::chrono::milliseconds> half_open_after;  // nothing is sent or read any more, and no farewell
    bool slow_reader = false;                                  // reads for 100 ms of every second
    bool close_without_stop = false;                           // hangs up without the "stop" message
};

struct StreamPlan {
    net::WebSocketTarget target;
    Line::Options line;
    Ear::Options ear;
    Patience patience;
    Trouble trouble;
    Instant webhook_asked{};
};

class StreamLeg final : private net::WebSocket::Handler {
public:
    // `frames` is shared by all streams of the loop. `done` is called once, from the loop, and may destroy the leg.
    StreamLeg(net::EventLoop& loop, FrameCheck& frames, StreamPlan plan, std::function<void()> done);

    StreamReport take_report() { return std::move(report_); }
    std::vector<Notice> take_notices() { return std::move(notices_); }

private:
    void on_text(std::string_view text) override;
    void on_binary(std::span<const char> bytes) override;
    void on_read_done() override;
    void on_closed(std::uint16_t code, std::string_view reason) override;

    void opened(std::expected<net::WebSocketConnector::Opened, net::WebSocketRefusal> result);
    void wake();
    void send_due(Instant now);
    bool make_trouble(Instant now);  // true: the stream is over
    void hang_up();
    void go_half_open();
    void judge_close(Instant now, std::uint16_t code, std::string_view reason);
    Instant message_over_at() const;
    void schedule();
    void warn_of_frame(Notice notice);
    void end(StreamEnd how, Instant now);

    net::EventLoop& loop_;
    FrameCheck& frames_;
    StreamPlan plan_;
    std::function<void()> done_;
    StreamReport report_;
    std::vector<Notice> notices_;
    std::optional<Line> line_;
    Ear ear_;
    Instant started_{}, pause_reading_at_{};
    bool reading_ = true, half_open_ = false, hanging_up_ = false, ended_ = false;
    std::minstd_rand
        masks_;  // masking protects proxies on the way; a simulator on loopback needs no unpredictable ones
    std::string frames_due_;
    net::Timer wake_;
    std::unique_ptr<net::WebSocketConnector> connector_;
    std::unique_ptr<net::WebSocket> socket_;
};

}  // namespace simulator
