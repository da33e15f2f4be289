#include "gateway/rest_of_call.hpp"

#include "gateway/media_stream.hpp"

namespace gateway {

namespace {

using Found = std::function<void(std::optional<call::CallPlan>)>;

void look(LoopServices& loop, const std::string& call_sid, const Found& found) {
    found(loop.switchboard.interrupted.take(call_sid, loop.events.now()));
}

void lose_stream(LoopServices& home, const std::string& call_sid) {
    if (MediaStream* const stream = home.stream_of(call_sid)) stream->lose();
}

}  // namespace

void rest_of_call(LoopServices& loop, const std::string& call_sid, const Found& found) {
    const bool stands = loop.switchboard.directory.has_stream(call_sid);
    const auto call = stands ? loop.switchboard.calls.find(call_sid) : std::nullopt;
    if (!call || call->state != CallState::open) return look(loop, call_sid, found);
    // Both ways through mailboxes: at the program's end a loop may be gone before the other one's last work.
    LoopServices& home = *loop.switchboard.loops[call->loop];
    home.mailbox->post([&home, &loop, here = loop.mailbox, call_sid, found] {
        lose_stream(home, call_sid);
        here->post([&loop, call_sid, found] { look(loop, call_sid, found); });
    });
}

}  // namespace gateway
