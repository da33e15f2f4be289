#include "simulator/standin_fault.hpp"

#include <fmt/format.h>

namespace simulator {

std::string described_on_http(const Fault& fault) {
    switch (fault.http) {
        case HttpEffect::refuse:
        case HttpEffect::other_body:
            return fmt::format("{} {}: {}", fault.status, fault.content_type, fault.body.substr(0, 60));
        case HttpEffect::hang_silent:
            return "no answer, the connection stays";
        case HttpEffect::hang_after_head:
            return "200 and headers, then nothing, the connection stays";
        case HttpEffect::stall:
            return "no more bytes, the connection stays";
        case HttpEffect::drip:
            return "audio at a tenth of real time";
        case HttpEffect::cut:
            return "the connection ends before the body does";
        case HttpEffect::reset:
            return "TCP reset";
        case HttpEffect::close_unanswered:
            return "the connection ends without an answer";
        case HttpEffect::not_http:
            return "bytes that are no HTTP";
        case HttpEffect::huge_head:
            return "512 KiB of headers, and no end";
        case HttpEffect::slow_start:
            return "first byte five seconds late";
        case HttpEffect::tiny_chunks:
            return "one byte a chunk";
        case HttpEffect::odd_chunks:
            return "1, 3, 5, … bytes a chunk";
        case HttpEffect::one_chunk:
            return "all audio in one chunk";
        case HttpEffect::no_audio:
            return "200 and an empty body";
        case HttpEffect::silence:
            return "silence in place of speech";
    }
    return {};
}

std::string described_on_websocket(const Fault& fault) {
    switch (fault.socket) {
        case SocketEffect::refuse:
            return fmt::format("error frame {}, then close {}", fault.error, fault.close_code);
        case SocketEffect::close:
            return fmt::format("close {}, without an error frame", fault.close_code);
        case SocketEffect::drop:
            return "the connection ends without a close frame";
        case SocketEffect::reset:
            return "TCP reset";
        case SocketEffect::stall:
            return "no more frames for this context, others go on";
        case SocketEffect::deaf:
            return "half dead: nothing comes or is read any more, the connection stays";
        case SocketEffect::drip:
            return "audio at a tenth of real time";
        case SocketEffect::slow_start:
            return "first frame five seconds late";
        case SocketEffect::final_only:
            return "isFinal without (further) audio";
        case SocketEffect::empty_audio:
            return "a frame whose audio is empty, then isFinal";
        case SocketEffect::one_frame:
            return "all audio in one frame";
        case SocketEffect::tiny_frames:
            return "one byte a frame";
        case SocketEffect::odd_frames:
            return "1, 3, 5, … bytes a frame";
        case SocketEffect::other_text:
            return fmt::format("in place of audio: {}", fault.body.substr(0, 60));
        case SocketEffect::bad_audio:
            return "audio that is not base64";
        case SocketEffect::bad_frame:
            return "bytes that are no WebSocket frame";
        case SocketEffect::huge_frame:
            return "a frame of 17 MiB";
        case SocketEffect::silence:
            return "silence in place of speech";
        case SocketEffect::refuse_upgrade:
            return fmt::format("upgrade refused with {}", fault.status);
        case SocketEffect::hang_upgrade:
            return "no answer to the upgrade";
    }
    return {};
}

}  // namespace simulator
