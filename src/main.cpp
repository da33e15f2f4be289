// mouthpiece: gives a telephone number a voice. Builds the pieces, waits for a signal, drains.

#include "check_config.hpp"
#include "config.hpp"
#include "gateway/doctor.hpp"
#include "gateway/ready_command.hpp"
#include "gateway/server.hpp"
#include "gateway/warm.hpp"
#include "json_log.hpp"
#include "log_throttle.hpp"
#include "manual.hpp"
#include "simulator/call_command.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <expected>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

constexpr int usage_error = 2, no_memory = 71;  // the latter is EX_OSERR of sysexits.h

int refuse(const std::string& sentence) {
    fmt::print(stderr, "mouthpiece: {}\n", sentence);
    return usage_error;
}

// A call is a socket, and the usual soft limit of 1,024 is far below what one loop carries.
void allow_many_sockets() {
    rlimit sockets{};
    if (::getrlimit(RLIMIT_NOFILE, &sockets) != 0) return;
    sockets.rlim_cur = sockets.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &sockets);
}

// Everything that grows has a bound (docs/limits.md), so when memory is refused the machine has none, and nothing that
// is half done can be finished. The service manager starts the program again within a moment, and Twilio asks for its
// calls: better than to go on with half of them. Allocates nothing.
[[noreturn]] void end_without_memory() {
    constexpr std::string_view said = "mouthpiece: no memory is left; ending, to be started again\n";
    std::ignore = ::write(STDERR_FILENO, said.data(), said.size());
    ::_exit(no_memory);
}

void start_log(const std::string& level, bool as_json = false) {
    auto& sinks = spdlog::default_logger()->sinks();
    sinks.front() = std::make_shared<LogThrottle>(sinks.front());
    if (as_json) {
        spdlog::set_formatter(make_json_log_formatter());
    } else {
        spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    }
    spdlog::set_level(spdlog::level::from_str(level));
    spdlog::flush_on(spdlog::level::info);
}

void say_what_is_missing(const gateway::Options& options) {
    if (options.elevenlabs_key.empty()) {
        spdlog::warn("no ELEVEN_LABS_API_KEY: the embedded voice speaks");
    }
    if (options.api.keys.empty() && options.api.keys_file.empty()) {
        spdlog::info("no API_KEYS: the API answers this machine only");
    }
    if (options.auth_token.empty()) {
        spdlog::warn("no TWILIO_AUTH_TOKEN: signatures are not checked, anybody who finds this server can use it");
    } else if (options.public_url.empty()) {
        spdlog::warn("no WEBHOOK_BASE_URL: signatures are checked against each request's Host header");
    }
}

std::expected<Configuration, std::string> configuration_for(std::span<const char* const> arguments) {
    std::map<std::string, std::string> dotenv;
    if (std::ifstream file(".env"); file) {
        const std::string text(std::istreambuf_iterator<char>(file), {});
        auto values = read_dotenv(text);
        if (!values) return std::unexpected(values.error());
        dotenv = std::move(*values);
    }
    return read_configuration(arguments, [&](const char* name) -> std::optional<std::string> {
        if (const char* value = std::getenv(name)) return value;
        const auto found = dotenv.find(name);
        return found == dotenv.end() ? std::nullopt : std::optional(found->second);
    });
}

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

// As sd_notify(3) and sd_watchdog_enabled(3) say. The watchdog may be meant for another process of the service.
gateway::Supervision::Options supervision() {
    gateway::Supervision::Options options{.notify_socket = environment("NOTIFY_SOCKET")};
    const std::string pid = environment("WATCHDOG_PID"), period = environment("WATCHDOG_USEC");
    std::int64_t microseconds = 0;
    std::from_chars(period.data(), period.data() + period.size(), microseconds);
    if (pid.empty() || pid == std::to_string(::getpid())) options.watchdog = std::chrono::microseconds(microseconds);
    return options;
}

int serve(std::span<const char* const> arguments) {
    auto configuration = configuration_for(arguments);
    if (!configuration) return refuse(configuration.error());

    start_log(configuration->log_level, configuration->log_as_json);
    configuration->gateway.supervision = supervision();
    gateway::Server server(configuration->gateway);
    if (const auto listening = server.listen(); !listening) return refuse(listening.error());
    say_what_is_missing(configuration->gateway);
    spdlog::info("serving version={} host={} port={}", MOUTHPIECE_VERSION, configuration->gateway.host, server.port());
    server.run();
    return 0;
}

// What stands before the flags.
std::optional<std::string> take_file(std::span<const char* const>& arguments) {
    if (arguments.empty() || arguments[0][0] == '-') return std::nullopt;
    std::string file = arguments[0];
    arguments = arguments.subspan(1);
    return file;
}

int warm(std::span<const char* const> arguments) {
    const auto file = take_file(arguments);
    auto configuration = configuration_for(arguments);
    if (!configuration) return refuse(configuration.error());
    if (!file && configuration->gateway.numbers_file.empty())
        return refuse("warm needs a file of phrases, mouthpiece warm FILE [flags], or a NUMBERS_FILE with greetings.");
    start_log("warn");
    return gateway::run_warm(std::move(configuration->gateway), file);
}

int check_config(std::span<const char* const> arguments) {
    const auto file = take_file(arguments);
    std::vector<const char*> flags(arguments.begin(), arguments.end());
    const auto number = take_number_flag(flags);
    auto configuration = configuration_for(flags);
    if (!configuration) return refuse(configuration.error());
    if (file) configuration->gateway.numbers_file = *file;
    return run_check_config(configuration->gateway, number);
}

int doctor(std::span<const char* const> arguments) {
    std::vector<const char*> flags(arguments.begin(), arguments.end());
    const gateway::DoctorFlags own = gateway::take_doctor_flags(flags);
    const auto configuration = configuration_for(flags);
    start_log("off");  // the findings say it all
    if (!configuration) return gateway::run_doctor(std::unexpected(configuration.error()), own);
    return gateway::run_doctor(configuration->gateway, own);
}

int ready(std::span<const char* const> arguments) {
    const auto configuration = configuration_for(arguments);
    if (!configuration) return refuse(configuration.error());
    start_log("off");
    return gateway::run_ready(configuration->gateway);
}

int print(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

bool asks_for_help(std::span<const char* const> flags) {
    return !flags.empty() && (std::string_view(flags[0]) == "--help" || std::string_view(flags[0]) == "-h");
}

int run(std::string_view verb, std::span<const char* const> flags) {
    if (verb == "call") return simulator::run_call_command(flags);
    if (verb == "--version") return print(fmt::format("mouthpiece {}\n", MOUTHPIECE_VERSION));
    if (verb == "--help" || verb == "-h" || verb == "help" || asks_for_help(flags)) {
        return print(help_text(MOUTHPIECE_VERSION));
    }
    if (verb == "serve") return serve(flags);
    if (verb == "doctor") return doctor(flags);
    if (verb == "warm") return warm(flags);
    if (verb == "check-config") return check_config(flags);
    if (verb == "ready") return ready(flags);
    if (verb == "settings") return print(settings_file());
    return refuse(fmt::format("'{}' is not a command; mouthpiece --help lists them.", verb));
}

}  // namespace

int main(int count, char** values) {
    const std::span<const char* const> arguments(values, static_cast<std::size_t>(count));
    allow_many_sockets();
    std::set_new_handler(&end_without_memory);
    std::signal(SIGPIPE, SIG_IGN);  // a peer that has gone is an error of that write, not the end of the program
    const std::string_view verb = arguments.size() > 1 ? arguments[1] : "--help";
    try {
        return run(verb, arguments.subspan(std::min<std::size_t>(arguments.size(), 2)));
    } catch (const std::exception& failure) {
        return refuse(failure.what());
    }
}
