#pragma once
// Reads what a server sends on a Media Stream as strictly as Twilio does: these three shapes, nothing missing, nothing
// extra.
//   {"event":"media","streamSid":"MZ…","media":{"payload":"<base64 mu-law>"}}
//   {"event":"mark","streamSid":"MZ…","mark":{"name":"…"}}
//   {"event":"clear","streamSid":"MZ…"}
// Anything else is a warning (31951; 31950 for binary) and is ignored.

#include "simulator/notice.hpp"

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace simulator {

struct ServerMedia {
    std::span<const std::byte> mulaw;  // valid until the next read()
};
struct ServerMark {
    std::string name;
};
struct ServerClear {};

using ServerFrame = std::variant<ServerMedia, ServerMark, ServerClear>;

// Keeps scratch memory between messages, so one serves all calls of a loop.
class FrameCheck {
public:
    FrameCheck();
    ~FrameCheck();
    FrameCheck(const FrameCheck&) = delete;
    FrameCheck& operator=(const FrameCheck&) = delete;

    std::expected<ServerFrame, Notice> read(std::string_view text, std::string_view stream_sid);
    static Notice binary_frame();

private:
    struct Scratch;
    std::unique_ptr<Scratch> scratch_;
};

}  // namespace simulator
