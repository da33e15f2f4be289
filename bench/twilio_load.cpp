// twilio-load: many calls against one server from one core, and one line of JSON about what their callers heard.

#include "load/server_watch.hpp"
#include "load/shift.hpp"
#include "load/speech_upstream.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>

namespace {

struct Settings {
    bench::Plan plan;
    bench::UpstreamPlan upstream;
    std::uint16_t upstream_port = 0;
    pid_t server = 0;
};

void declare_calls(CLI::App& app, Settings& settings) {
    bench::Plan& plan = settings.plan;
    app.add_option("--port", plan.port, "Of the server under test, on 127.0.0.1")->required();
    app.add_option("--path", plan.path, "Of its stream")->capture_default_str();
    app.add_option("--webhook", plan.webhook_path, "Path of its webhook, asked before each call (default: no webhook)");
    app.add_option("--auth-token", plan.auth_token, "Sign as Twilio does (default: no signatures)");
    app.add_option("--host", plan.host, "The server's public name, which is signed")->capture_default_str();
    app.add_option("--ring-ms", plan.ring_ms, "From the webhook's answer to the stream")
        ->check(CLI::Range(0, 500))
        ->capture_default_str();
    app.add_flag("--tls", plan.tls, "https:// and wss://, any certificate");
    app.add_option("--calls", plan.calls, "At the same time")->check(CLI::Range(1, 15'000))->capture_default_str();
    app.add_option("--call-seconds", plan.call_seconds, "How long each lasts; then another takes its place")
        ->capture_default_str();
    app.add_option("--ramp-seconds", plan.ramp_seconds, "Until all are up (default: the length of a call)");
    app.add_option("--seconds", plan.window_seconds, "How long it is measured, once all are up")->capture_default_str();
    app.add_option("--expect-ms", plan.expect_ms, "Audio that each call must get; less counts as too_short");
    app.add_flag("--echo", plan.stamp_frames,
                 "The server sends the caller's frames back: their time under way is latency_ms");
    app.add_option("--server-pid", settings.server, "Whose CPU time and memory to report");
}

void declare_upstream(CLI::App& app, Settings& settings) {
    bench::UpstreamPlan& plan = settings.upstream;
    app.add_option("--upstream-port", settings.upstream_port,
                   "Play ElevenLabs there: what a call gets of it carries the time of its sending (latency_ms)");
    app.add_option("--upstream-audio-ms", plan.audio_ms, "Length of every answer")->capture_default_str();
    app.add_option("--upstream-first-byte-ms", plan.first_byte_ms)->check(CLI::Range(0, 500))->capture_default_str();
    app.add_option("--upstream-head-ms", plan.head_ms, "Audio in its first chunk")->capture_default_str();
    app.add_option("--upstream-chunk-ms", plan.chunk_ms, "Audio in every further chunk")->capture_default_str();
    app.add_option("--upstream-interval-ms", plan.interval_ms, "From one chunk to the next")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Plays Twilio for many calls at once. One thread: pin it to a core of its own.");
    declare_calls(app, settings);
    declare_upstream(app, settings);
    CLI11_PARSE(app, argc, argv);
    bench::Loop loop;
    std::optional<bench::SpeechUpstream> upstream;
    if (settings.upstream_port != 0)
        upstream.emplace(loop, bench::listen_on(settings.upstream_port), settings.upstream);
    settings.plan.find_stamps = settings.plan.stamp_frames || upstream;
    const bench::ServerWatch watch(settings.server);
    bench::Shift shift(loop, settings.plan, watch, &settings.upstream);
    loop.run();
    std::printf("%s\n", shift.report().c_str());
    return shift.failed() ? 1 : 0;
}
