// twilio-load: many calls against one server from one core, and one line of JSON about what their callers heard.

#include "load/server_watch.hpp"
#include "load/shift.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace {

void declare(CLI::App& app, bench::Plan& plan, pid_t& server) {
    app.add_option("--port", plan.port, "Of the server under test, on 127.0.0.1")->required();
    app.add_option("--path", plan.path, "Of its stream")->capture_default_str();
    app.add_flag("--tls", plan.tls, "wss://, any certificate");
    app.add_option("--calls", plan.calls, "At the same time")->check(CLI::Range(1, 15'000))->capture_default_str();
    app.add_option("--call-seconds", plan.call_seconds, "How long each lasts; then another takes its place")
        ->capture_default_str();
    app.add_option("--seconds", plan.window_seconds, "How long it is measured, once all are up")->capture_default_str();
    app.add_option("--expect-ms", plan.expect_ms, "Audio that each call must get; less counts as too_short");
    app.add_flag("--echo", plan.stamp_frames,
                 "The server sends the caller's frames back: their time under way is latency_ms");
    app.add_option("--server-pid", server, "Whose CPU time and memory to report");
}

}  // namespace

int main(int argc, char** argv) {
    bench::Plan plan;
    pid_t server = 0;
    CLI::App app("Plays Twilio for many calls at once. One thread: pin it to a core of its own.");
    declare(app, plan, server);
    CLI11_PARSE(app, argc, argv);
    bench::Loop loop;
    const bench::ServerWatch watch(server);
    bench::Shift shift(loop, plan, watch);
    loop.run();
    std::printf("%s\n", shift.report().c_str());
    return shift.failed() ? 1 : 0;
}
