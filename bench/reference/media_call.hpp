#pragma once
// One call on the bare server.

#include "reference/speech.hpp"
#include "wire/frame.hpp"
#include "wire/stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

class MediaCall final : public Stream {
public:
    // `speech` is shared by all calls.
    MediaCall(Loop& loop, Socket accepted, Speech& speech);

private:
    void on_bytes(std::span<char> bytes) override;
    void on_due(std::int64_t now_ns) override;

    void upgrade(std::span<char> bytes);
    void on_frame(const Frame& frame);
    void start(std::string_view message);
    void play();
    void send_message(std::string_view payload);
    void send_mark();

    Speech& speech_;
    Inbox inbox_;
    std::string request_;  // the upgrade request, until it is whole
    std::array<char, 64> stream_sid_{};
    std::uint8_t stream_sid_bytes_ = 0;
    std::uint32_t next_message_ = 0;
    std::uint32_t marked_ms_ = 0;
    bool upgraded_ = false;
};

}  // namespace bench
