// What one call's audio costs in call/: CPU per media message sent or heard, without sockets and JSON.

#include "call/playout.hpp"
#include "call/stream_session.hpp"

#include <algorithm>
#include <benchmark/benchmark.h>

namespace {

using namespace std::chrono_literals;
using call::Instant;

constexpr std::size_t minute_bytes = 60 * audio::sample_rate_hz;

// A minute of speech that came in chunks of range(0) bytes, sent in messages of range(1) milliseconds.
void playout_minute(benchmark::State& state) {
    const audio::Clip minute{std::vector<std::byte>(minute_bytes)};
    const auto chunk = static_cast<std::size_t>(state.range(0));
    std::int64_t messages = 0;
    for (auto _ : state) {
        call::Playout playout({.message = std::chrono::milliseconds{state.range(1)}});
        for (std::size_t at = 0; at < minute.size(); at += chunk)
            playout.push(minute.from(at).first(std::min(chunk, minute.size() - at)));
        playout.finish();
        for (Instant now{1h}; !playout.drained(); now = playout.next_due().value_or(now))
            while (!playout.next(now).empty()) ++messages;
    }
    state.SetItemsProcessed(messages);
    state.SetLabel("per media message sent");
}
BENCHMARK(playout_minute)->ArgsProduct({{static_cast<long>(minute_bytes), 4096, 333}, {400, 20}});

call::StreamSession talking() {
    call::StreamSession session({}, Instant{1h});
    session.on(twilio::Started{.stream_sid = "MZ00000000000000000000000000000001",
                               .call_sid = "CA1",
                               .account_sid = "AC1",
                               .encoding = "audio/x-mulaw",
                               .custom_parameters = {}},
               Instant{1h});
    session.next_action();
    call::CallPlan plan;
    plan.speech.text = Secret("Hello.");
    session.on_authorised(std::move(plan), Instant{1h});
    session.next_action();
    return session;
}

// One media message in, fifty of which come a second, while a long message is being said.
void session_media_in(benchmark::State& state) {
    const std::string payload(216, 'A');
    const twilio::InboundMessage message = twilio::Media{
        .stream_sid = "MZ00000000000000000000000000000001", .track = "inbound", .payload_base64 = payload};
    const audio::Clip minutes{std::vector<std::byte>(9 * minute_bytes)};
    auto session = talking();
    session.on_audio(minutes, Instant{1h});
    Instant now{1h};
    for (auto _ : state) {
        session.on(message, now += 20us);
        while (auto action = session.next_action()) benchmark::DoNotOptimize(action);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(session_media_in);

}  // namespace
