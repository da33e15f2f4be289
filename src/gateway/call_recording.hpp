#pragma once
// The recording of one call, on the call's loop: hears what passes on its stream and hands on what is complete.

#include "call/recorded_tracks.hpp"
#include "call/stream_session.hpp"
#include "gateway/recorder.hpp"
#include "twilio/stream_message.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class CallRecording {
public:
    CallRecording(Recorder& recorder, const call::StreamSession& session)
        : stream_sid_(session.stream_sid()),
          tracks_({}, session.started_at()),
          tape_(recorder.begin(session.call_sid())) {}

    void heard(const twilio::InboundMessage& message, call::Instant now);
    void sent(std::span<const std::byte> mulaw, call::Instant played_at) { tracks_.on_sent(mulaw, played_at); }
    void mark_sent(std::string_view name) { tracks_.on_mark_sent(name); }
    void cleared(call::Instant now) { tracks_.on_clear(now); }

    void hand_on(call::Instant now);  // often: it is little each time
    void finish(call::Instant now);

private:
    bool ours(std::string_view stream_sid) const { return stream_sid.empty() || stream_sid == stream_sid_; }

    const std::string stream_sid_;
    call::RecordedTracks tracks_;
    std::unique_ptr<Recorder::Tape> tape_;
    std::vector<std::byte> mulaw_;  // of the frame being heard; kept for its memory
};

}  // namespace gateway
