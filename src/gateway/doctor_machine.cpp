#include "gateway/doctor_machine.hpp"

#include "audio/mulaw.hpp"
#include "gateway/clip_directory.hpp"
#include "gateway/numbers_file.hpp"
#include "gateway/webhook.hpp"
#include "net/http_server.hpp"
#include "twilio/signature.hpp"
#include "voice/mulaw_speech.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <limits>

namespace gateway {

namespace {

// Signed requests of other services, and TLS, bear some minutes; but a clock that is off by one is not set at all.
constexpr std::chrono::seconds clock_error_max{60};

std::optional<std::chrono::system_clock::time_point> read_http_date(std::string_view text) {
    std::tm parts{};
    const std::string date(text.substr(0, 64));
    const char* const end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> introduction(const Options& options) {
    if (options.auth_token.empty() || options.public_url.empty()) return {};
    const std::string url = fmt::format("{}{}/test", options.public_url, api_prefix);
    return {{"X-Twilio-Signature", twilio::sign(options.auth_token, url, {})}};
}

std::optional<std::string> instance_of(const Fetched& health_page) {
    if (health_page.head.status != 200) return std::nullopt;
    boost::json::error_code error;
    const auto page = boost::json::parse(health_page.body, error);
    if (error || !page.is_object() || !page.get_object().contains("elevenlabs_configured")) return std::nullopt;
    const auto* const instance = page.get_object().if_contains("instance");
    if (instance == nullptr || !instance->is_string()) return std::string();
    return std::string(std::string_view(instance->get_string()).substr(0, 64));
}

std::string local_url(const Options& options) {
    const bool everywhere = options.host == "0.0.0.0" || options.host == "::";
    return fmt::format("{}://{}:{}", options.tls_certificate_file.empty() ? "http" : "https",
                       everywhere ? "127.0.0.1" : options.host, options.port);
}

PortFinding examine_port(Fetcher& fetcher, const Options& options) {
    if (options.port == 0) return {ok("port", "A free one will be taken."), std::nullopt};
    net::HttpServer server(fetcher.loop(), {.host = options.host, .limits = {}}, [](const auto&) {});
    const auto listening = server.listen(options.port);
    if (listening)
        return {ok("port", fmt::format("{} is free: no server is running here.", options.port)), std::nullopt};
    Fetcher local(fetcher.loop(), without_names);
    const auto address = fmt::format("{}{}/test", local_url(options), api_prefix);
    if (const auto page = local.get(address, introduction(options))) {
        if (auto instance = instance_of(*page)) {
            return {ok("port", fmt::format("A Mouthpiece runs on {}.", options.port)), std::move(instance)};
        }
    }
    return {problem("port", fmt::format("The server could not start: {}.", listening.error()),
                    "End what uses the port, or choose another with PORT and HOST."),
            std::nullopt};
}

Finding examine_clock(std::string_view date_header, std::chrono::system_clock::time_point now) {
    const auto theirs = read_http_date(date_header);
    if (!theirs) return cannot_tell("clock", "What was said to be the time cannot be read.");
    const auto off = std::chrono::duration_cast<std::chrono::seconds>(now - *theirs);
    if (std::chrono::abs(off) <= clock_error_max)
        return ok("clock", fmt::format("Right to {} s.", std::chrono::abs(off).count()));
    return problem(
        "clock",
        fmt::format("This machine's clock is {} s {}.", std::chrono::abs(off).count(),
                    off.count() > 0 ? "fast" : "slow"),
        "Set it by network time (systemd-timesyncd or chrony): certificates and signed requests depend on it.");
}

Finding examine_embedded_voice() {
    try {
        voice::FliteVoice voice(voice::FliteVoiceName::slt);
        std::size_t bytes = 0;
        const auto spoken = voice::speak_mulaw(voice, "Hello.", 1, [&](const audio::Clip& clip) {
            bytes += clip.size();
            return true;
        });
        if (spoken && bytes > 0) {
            const auto audio = std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(bytes));
            return ok("embedded voice", fmt::format("One word was spoken: {} ms of audio.", audio.count()));
        }
    } catch (const std::exception& failure) {
        return problem("embedded voice", fmt::format("It cannot speak: {}.", failure.what()),
                       "Build or install Mouthpiece anew.");
    }
    return problem("embedded voice", "It makes no sound.", "Build or install Mouthpiece anew.");
}

Finding examine_cache(const Options& options) {
    if (options.cache_directory.empty()) {
        return ok("cache", "Speech is kept in memory only.", "Set CACHE_DIR to keep it between starts.");
    }
    // Looking must not drop anything.
    ClipDirectory directory({.path = options.cache_directory, .bytes_max = std::numeric_limits<std::int64_t>::max()});
    if (const auto opened = directory.open(); !opened) {
        return problem("cache", fmt::format("Nothing can be kept on disk: {}.", opened.error()),
                       "Give CACHE_DIR a directory that belongs to this user alone.");
    }
    const auto figures = directory.figures();
    return ok("cache", fmt::format("{} holds {} sentences, {} MiB.", options.cache_directory, figures.files,
                                   figures.bytes >> 20));
}

Findings examine_numbers(const Options& options) {
    if (options.numbers_file.empty()) return {};
    const auto rules = read_numbers_file(options.numbers_file, !options.recordings_directory.empty());
    if (!rules) return {problem("numbers", rules.error(), "mouthpiece check-config tells the same, faster.")};
    return {ok("numbers", fmt::format("{} has {} rules.", options.numbers_file, rules->all().size()))};
}

}  // namespace gateway
