#include "gateway/rest_of_call.hpp"

#include "gateway/media_stream.hpp"

#include <utility>

namespace gateway {

namespace {

void keep_planned(LoopServices& loop, const std::string& plan_name, std::optional<call::CallPlan> plan) {
    if (plan) loop.switchboard.planned.keep(plan_name, *std::move(plan), loop.events.now());
}

// A call may have been here, then elsewhere, and be here again. What others wrote down is the later word, but for what
// Redis would not take.
std::optional<call::CallPlan> later_of(std::optional<call::CallPlan> ours, std::optional<call::CallPlan> shared) {
    if (!ours || !shared) return ours ? std::move(ours) : std::move(shared);
    return ours->heard_bytes > shared->heard_bytes ? std::move(ours) : std::move(shared);
}

void look(LoopServices& loop, const std::string& call_sid, const std::string& plan_name, const RestFound& found) {
    auto ours = loop.switchboard.interrupted.take(call_sid, loop.events.now());
    loop.shared_speech.look_up(call_sid, plan_name,
                               [&loop, plan_name, ours = std::move(ours), found](SharedSpeech::Known known) mutable {
                                   keep_planned(loop, plan_name, std::move(known.planned));
                                   found(later_of(std::move(ours), std::move(known.rest)));
                               });
}

void lose_stream(LoopServices& home, const std::string& call_sid) {
    if (MediaStream* const stream = home.stream_of(call_sid)) stream->lose();
}

}  // namespace

void rest_of_call(LoopServices& loop, const std::string& call_sid, const std::string& plan_name,
                  const RestFound& found) {
    const bool stands = loop.switchboard.directory.has_stream(call_sid);
    const auto call = stands ? loop.switchboard.calls.find(call_sid) : std::nullopt;
    if (!call || call->state != CallState::open) return look(loop, call_sid, plan_name, found);
    // Both ways through mailboxes: at the program's end a loop may be gone before the other one's last work.
    LoopServices& home = *loop.switchboard.loops[call->loop];
    home.mailbox->post([&home, &loop, here = loop.mailbox, call_sid, plan_name, found] {
        lose_stream(home, call_sid);
        here->post([&loop, call_sid, plan_name, found] { look(loop, call_sid, plan_name, found); });
    });
}

void fetch_planned(LoopServices& loop, const std::string& plan_name, const std::function<void()>& ready) {
    if (loop.switchboard.planned.find(plan_name, loop.events.now())) return ready();
    loop.shared_speech.look_up({}, plan_name, [&loop, plan_name, ready](SharedSpeech::Known known) {
        keep_planned(loop, plan_name, std::move(known.planned));
        ready();
    });
}

}  // namespace gateway
