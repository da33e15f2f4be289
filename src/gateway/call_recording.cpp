#include "gateway/call_recording.hpp"

#include "encoding/base64.hpp"

#include <utility>
#include <variant>

namespace gateway {

void CallRecording::heard(const twilio::InboundMessage& message, call::Instant now) {
    if (const auto* const media = std::get_if<twilio::Media>(&message)) {
        mulaw_.clear();
        if (ours(media->stream_sid) && media->track == "inbound" &&
            encoding::append_from_base64(mulaw_, media->payload_base64))
            tracks_.on_caller(media->timestamp, mulaw_, now);
    } else if (const auto* const mark = std::get_if<twilio::Mark>(&message)) {
        if (ours(mark->stream_sid)) tracks_.on_mark(mark->name);
    }
}

void CallRecording::hand_on(call::Instant now) {
    while (auto block = tracks_.next(now)) tape_->write(std::move(*block));
}

void CallRecording::finish(call::Instant now) {
    tracks_.finish(now);
    hand_on(now);
    tape_->finish(tracks_.misplaced_frames());
}

}  // namespace gateway
