#include "simulator/standin_command.hpp"

#include "net/signals.hpp"
#include "simulator/standin.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

namespace simulator {

namespace {

struct Settings {
    Standin::Options options;
    int first_byte_ms = 225;
    std::vector<std::string> faults;
    bool lacks_voices_read = false, print_port = false;
};

void declare(CLI::App& app, Settings& settings) {
    Standin::Options& options = settings.options;
    options.port = 8002;
    app.add_option("--host", options.host, "Address to listen on")->capture_default_str();
    app.add_option("--port", options.port, "0: any free one")->capture_default_str();
    app.add_option("--key", options.account.key, "The one valid API key (default: any)");
    app.add_option("--first-byte-ms", settings.first_byte_ms, "Until the first byte of speech")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    app.add_option("--plan", options.account.requests_at_once_max, "Speech requests the plan allows at once")
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Of chunk sizes and pauses")->capture_default_str();
    app.add_option("--fault", settings.faults,
                   "NAME[:AFTER_BYTES[:TIMES]] (repeatable); GET /standin/faults lists the names");
    app.add_flag("--lacks-voices-read", settings.lacks_voices_read,
                 "The key may speak, but not read voices and subscription");
    app.add_flag("--print-port", settings.print_port, "Print nothing but the port");
}

int serve(Settings& settings) {
    net::EventLoop loop;
    Standin standin(loop, settings.options);
    for (const std::string& text : settings.faults) {
        auto fault = read_fault_option(text);
        if (!fault) {
            fmt::print(stderr, "--fault: {}\n", fault.error());
            return 2;
        }
        standin.faults().arm(std::move(*fault));
    }
    if (const auto listening = standin.listen(); !listening) {
        fmt::print(stderr, "{}\n", listening.error());
        return 1;
    }
    if (settings.print_port) {
        fmt::print("{}\n", standin.port());
    } else {
        fmt::print("ElevenLabs stand-in on http://{}:{}\n", settings.options.host, standin.port());
    }
    std::fflush(stdout);
    const net::Signals signals(loop, {SIGINT, SIGTERM}, [&loop](int) { loop.stop(); });
    loop.run();
    return 0;
}

}  // namespace

int run_standin_command(std::span<const char* const> args) {
    Settings settings;
    CLI::App app("Plays ElevenLabs on this machine: text-to-speech with real words, and every failure on demand.",
                 "elevenlabs-standin");
    declare(app, settings);
    std::vector<std::string> words(args.rbegin(), args.rend());  // CLI11 takes them from the back
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    settings.options.first_byte_after = std::chrono::milliseconds(settings.first_byte_ms);
    settings.options.account.may_read_voices = !settings.lacks_voices_read;
    return serve(settings);
}

}  // namespace simulator
