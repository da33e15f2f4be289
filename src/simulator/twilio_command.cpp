#include "simulator/twilio_command.hpp"

#include "net/signals.hpp"
#include "simulator/twilio_rest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

namespace simulator {

namespace {

int serve(const TwilioRest::Options& options, bool print_port) {
    net::EventLoop loop;
    TwilioRest twilio(loop, options);
    if (const auto listening = twilio.listen(); !listening) {
        fmt::print(stderr, "{}\n", listening.error());
        return 1;
    }
    if (print_port) {
        fmt::print("{}\n", twilio.port());
    } else {
        fmt::print("Twilio stand-in on http://{}:{}\n", options.host, twilio.port());
    }
    std::fflush(stdout);
    const net::Signals signals(loop, {SIGINT, SIGTERM}, [&loop](int) { loop.stop(); });
    loop.run();
    return 0;
}

}  // namespace

int run_twilio_command(std::span<const char* const> args) {
    TwilioRest::Options options;
    options.port = 8003;
    std::string auth_token = options.auth_token.reveal();
    bool print_port = false;
    CLI::App app("Plays Twilio's REST side on this machine: calls that are ordered are really made.", "twilio-standin");
    app.add_option("--host", options.host, "Address to listen on")->capture_default_str();
    app.add_option("--port", options.port, "0: any free one")->capture_default_str();
    app.add_option("--account-sid", options.account_sid, "The one account")->capture_default_str();
    app.add_option("--auth-token", auth_token, "Its token")->capture_default_str();
    app.add_flag("--print-port", print_port, "Print nothing but the port");
    std::vector<std::string> words(args.rbegin(), args.rend());  // CLI11 takes them from the back
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    options.auth_token = Secret(auth_token);
    return serve(options, print_port);
}

}  // namespace simulator
