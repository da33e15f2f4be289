#pragma once
// One simulated call as Twilio plays it: upgrade, connected, start, 50 caller frames a second, marks returned when they
// have been played, stop.

#include "load/ear.hpp"
#include "load/tally.hpp"
#include "wire/frame.hpp"
#include "wire/stream.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

class TwilioCall final : public Stream {
public:
    struct Context {
        Loop& loop;
        const Plan& plan;
        Tally& tally;
        SSL_CTX* tls;
        std::uint32_t& active;
    };
    TwilioCall(const Context& context, std::string call_sid, std::string stream_parameters);

private:
    void on_bytes(std::span<char> bytes) override;
    void on_gone() override;
    void on_due(std::int64_t now_ns) override;

    void ask_upgrade();
    void upgraded(std::size_t head_bytes);
    void on_frame(const Frame& frame);
    void on_media(std::string_view payload);
    void take_stamps(std::string_view payload);
    void append_text(std::string_view text);
    void append_media(std::int64_t now_ns);
    void append_reached_marks(std::int64_t now_ns);
    void send_outgoing();
    void hang_up(std::int64_t now_ns);

    enum class State { upgrading, streaming, leaving };

    Context context_;
    std::string call_sid_, stream_sid_, parameters_;
    State state_ = State::upgrading;
    Inbox inbox_;
    std::string answer_;  // to the upgrade
    Ear ear_;
    std::int64_t placed_ns_, started_ns_ = 0, ends_ns_;
    std::uint64_t sequence_ = 0, chunk_ = 0;
    std::uint32_t gaps_ = 0;
};

}  // namespace bench
