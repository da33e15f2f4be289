#include "config.hpp"

#include "call/greeting.hpp"
#include "gateway/call_plan.hpp"
#include "setting.hpp"
#include "twilio/e164.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace {

Fault fraction(const std::string& text, double low, double high, double& into) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() ||
        !(value >= low && value <= high)) {  // so that nan is refused
        return fmt::format("must be a number from {} to {}, not '{}'", low, high, text);
    }
    into = value;
    return std::nullopt;
}

Fault web_address(const std::string& text, std::string& into) {
    const bool known = text.starts_with("https://") || text.starts_with("http://");
    if (!known || text.find_first_of("?# \t") != std::string::npos || text.ends_with("://")) {
        return fmt::format("must be an address such as https://phone.example.org, not '{}'", text);
    }
    into = text.substr(0, text.find_last_not_of('/') + 1);
    return std::nullopt;
}

// Unlike a base address it may have a query.
Fault event_address(const std::string& text, std::string& into) {
    const bool known = text.starts_with("https://") || text.starts_with("http://");
    if (!known || text.find_first_of("# \t") != std::string::npos || text.ends_with("://")) {
        return fmt::format("must be an address such as https://example.org/events, not '{}'", text);
    }
    into = text;
    return std::nullopt;
}

Fault one_of(const std::string& text, std::initializer_list<std::string_view> allowed) {
    for (const std::string_view value : allowed) {
        if (text == value) return std::nullopt;
    }
    return fmt::format("must be one of {}, not '{}'", fmt::join(allowed, ", "), text);
}

Fault lead(Configuration& to, const std::string& text) {
    auto& playout = to.gateway.session.playout;
    if (auto fault = milliseconds(text, 40, 60'000, playout.lead)) return fault;
    playout.message =
        std::min(playout.message, playout.lead / 40 * 20);  // at least two messages in the lead, whole frames
    return std::nullopt;
}

Fault drain_policy(Configuration& to, const std::string& text) {
    if (text.starts_with("http")) {
        to.gateway.drain_policy = gateway::DrainPolicy::redirect;
        return web_address(text, to.gateway.drain_redirect_url);
    }
    to.gateway.drain_policy = text == "serve" ? gateway::DrainPolicy::serve : gateway::DrainPolicy::turn_away;
    return one_of(text, {"busy", "serve", "or the address of another server's /call/incoming"});
}

// clang-format off
const std::array main_settings{
    Setting{"PORT", nullptr, "--port", "8001", "port for HTTP and WebSocket; 0 takes a free one",
            [](Configuration& to, const std::string& text) { return number(text, 0, 65535, [&](std::int64_t v) { to.gateway.port = static_cast<std::uint16_t>(v); }); }},
    Setting{"HOST", nullptr, "--host", "0.0.0.0", "address to listen on",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.host = text; return std::nullopt; }},
    Setting{"THREADS", nullptr, "--threads", "one per core", "event loops",
            [](Configuration& to, const std::string& text) { return number(text, 1, 256, [&](std::int64_t v) { to.gateway.threads = static_cast<unsigned>(v); }); }},
    Setting{"TLS_CERT_FILE", nullptr, "--tls-cert-file", "none: plain HTTP", "certificate and its chain in PEM form; read again when it changes, and on SIGHUP",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.tls_certificate_file = text; return std::nullopt; }},
    Setting{"TLS_KEY_FILE", nullptr, "--tls-key-file", "none: plain HTTP", "the certificate's private key in PEM form, without a passphrase",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.tls_key_file = text; return std::nullopt; }},
    Setting{"TRUSTED_PROXIES", nullptr, "--trusted-proxies", "none", "addresses and ranges (10.0.0.0/8, ::1) of the proxies whose X-Forwarded-For, -Proto and -Host are believed",
            [](Configuration& to, const std::string& text) { return address_ranges(text, to.gateway.trusted_proxies); }},
    Setting{"WEBHOOK_BASE_URL", "BASE_URL", "--base-url", "https:// and the request's Host", "public address under which Twilio calls this server",
            [](Configuration& to, const std::string& text) { return web_address(text, to.gateway.public_url); }},
    Setting{"INSTANCE_BASE_URL", nullptr, "--instance-url", "none: there is one server", "where several serve one number: the address under which Twilio reaches this one for the rest of a call",
            [](Configuration& to, const std::string& text) { return web_address(text, to.gateway.instance_url); }},
    Setting{"TWILIO_AUTH_TOKEN", nullptr, nullptr, "none: signatures are not checked", "your primary Auth Token",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.auth_token = Secret(text); return std::nullopt; }},
    Setting{"TWILIO_ACCOUNT_SID", nullptr, "--account-sid", "any", "take calls of this account only",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.account_sid = text; return std::nullopt; }},
    Setting{"TWILIO_PHONE_NUMBER", nullptr, "--phone-number", "none", "your number, in E.164",
            [](Configuration& to, const std::string& text) -> Fault {
                if (!twilio::is_e164(text)) return fmt::format("must be a telephone number such as +15551234567");
                to.gateway.phone_number = Secret(text);
                return std::nullopt;
            }},
    Setting{"API_KEYS", nullptr, nullptr, "none: the API answers this machine only", "keys for everything that is not Twilio's, separated by commas",
            [](Configuration& to, const std::string& text) -> Fault {
                to.gateway.api.keys = Secret(text);
                if (const auto keys = gateway::ApiKeys::from_list(to.gateway.api.keys); !keys) return keys.error();
                return std::nullopt;
            }},
    Setting{"API_KEYS_FILE", nullptr, "--api-keys-file", "none", "a file of such keys, one a line; read again when it changes",
            [](Configuration& to, const std::string& text) -> Fault {
                to.gateway.api.keys_file = text;
                if (const auto keys = gateway::ApiKeys::from_file(text); !keys) return keys.error();
                return std::nullopt;
            }},
    Setting{"SOFTPHONE", nullptr, "--softphone", "local: on when HOST is a loopback address", "a telephone in the console at /, for whoever may use the API: on, off or local",
            [](Configuration& to, const std::string& text) {
                using gateway::SoftphoneChoice;
                to.gateway.softphone = text == "on" ? SoftphoneChoice::on : text == "off" ? SoftphoneChoice::off : SoftphoneChoice::on_loopback;
                return one_of(text, {"on", "off", "local"});
            }},
    Setting{"TWILIO_BASE_URL", nullptr, "--twilio-url", "https://api.twilio.com", "Twilio's REST API, or the stand-in",
            [](Configuration& to, const std::string& text) { return web_address(text, to.gateway.twilio_url); }},
    Setting{"EVENTS_URL", nullptr, "--events-url", "none", "where to post what happens on calls",
            [](Configuration& to, const std::string& text) { return event_address(text, to.gateway.events_url); }},
    Setting{"EVENTS_SECRET", nullptr, nullptr, "none: the posts are not signed", "signs those posts (HMAC-SHA256)",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.events_secret = Secret(text); return std::nullopt; }},
    Setting{"EVENTS_ALLOW_PRIVATE", nullptr, "--events-allow-private", "false", "true: EVENTS_URL may lie in this machine's own network",
            [](Configuration& to, const std::string& text) { to.gateway.events_allow_private = text == "true"; return one_of(text, {"true", "false"}); }},
    Setting{"ELEVEN_LABS_API_KEY", "ELEVENLABS_API_KEY", nullptr, "none: the embedded voice speaks", "your ElevenLabs key",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.elevenlabs_key = Secret(text); return std::nullopt; }},
    Setting{"ELEVENLABS_BASE_URL", nullptr, "--elevenlabs-url", "https://api.elevenlabs.io", "ElevenLabs host, for a residency region or the stand-in",
            [](Configuration& to, const std::string& text) { return web_address(text, to.gateway.elevenlabs_url); }},
    Setting{"ELEVENLABS_TRANSPORT", nullptr, "--elevenlabs-transport", "http", "http, or websocket (with HTTP behind it)",
            [](Configuration& to, const std::string& text) { to.gateway.elevenlabs_by_websocket = text == "websocket"; return one_of(text, {"http", "websocket"}); }},
    Setting{"ELEVENLABS_MAX_REQUESTS", nullptr, "--elevenlabs-max-requests", "what its replies say", "requests at once that ElevenLabs' plan allows; of all servers together with REDIS_URL, else this server's part of them",
            [](Configuration& to, const std::string& text) { return number(text, 1, 10'000, [&](std::int64_t v) { to.gateway.elevenlabs_requests_max = static_cast<std::size_t>(v); }); }},
    Setting{"ELEVENLABS_CONNECTIONS_AHEAD", nullptr, "--elevenlabs-connections-ahead", "2", "HTTP connections each event loop keeps open to ElevenLabs",
            [](Configuration& to, const std::string& text) { return number(text, 0, 32, [&](std::int64_t v) { to.gateway.elevenlabs_connections_ahead = static_cast<std::size_t>(v); }); }},
    Setting{"VOICE_ID", nullptr, "--voice-id", "21m00Tcm4TlvDq8ikWAM", "default voice; ?voice_id= on the webhook URL overrides it for a call",
            [](Configuration& to, const std::string& text) -> Fault {
                if (!gateway::is_voice_id(text)) return fmt::format("must be a voice id (letters, digits, '-', '_'), not '{}'", text);
                to.gateway.voice.id = text;
                return std::nullopt;
            }},
    Setting{"MODEL_ID", nullptr, "--model-id", "eleven_flash_v2_5", "ElevenLabs model",
            [](Configuration& to, const std::string& text) -> Fault {
                if (text.starts_with("eleven_v3")) return fmt::format("'{}' cannot stream in real time; use eleven_flash_v2_5", text);
                to.gateway.voice.model = text;
                return std::nullopt;
            }},
    Setting{"LANGUAGE_CODE", nullptr, "--language", "left to the model", "ISO 639-1 code of the language spoken",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.voice.language = text; return std::nullopt; }},
    Setting{"VOICE_STABILITY", nullptr, "--stability", "0.5", "voice setting, 0 to 1",
            [](Configuration& to, const std::string& text) { return fraction(text, 0, 1, to.gateway.voice.settings.stability); }},
    Setting{"VOICE_SIMILARITY_BOOST", nullptr, "--similarity-boost", "0.75", "voice setting, 0 to 1",
            [](Configuration& to, const std::string& text) { return fraction(text, 0, 1, to.gateway.voice.settings.similarity_boost); }},
    Setting{"VOICE_STYLE", nullptr, "--style", "0", "voice setting, 0 to 1; above 0 costs time",
            [](Configuration& to, const std::string& text) { return fraction(text, 0, 1, to.gateway.voice.settings.style); }},
    Setting{"VOICE_SPEED", nullptr, "--speed", "1", "voice setting, 0.7 to 1.2",
            [](Configuration& to, const std::string& text) { return fraction(text, 0.7, 1.2, to.gateway.voice.settings.speed); }},
    Setting{"VOICE_SPEAKER_BOOST", nullptr, "--speaker-boost", "true", "voice setting, true or false",
            [](Configuration& to, const std::string& text) { to.gateway.voice.settings.use_speaker_boost = text == "true"; return one_of(text, {"true", "false"}); }},
    Setting{"EMBEDDED_VOICE", nullptr, "--embedded-voice", "in-time", "slt, kal (plain, and six times faster), or in-time: slt, and kal when slt would come late",
            [](Configuration& to, const std::string& text) {
                using gateway::EmbeddedVoiceChoice;
                to.gateway.embedded_voice = text == "slt" ? EmbeddedVoiceChoice::slt : text == "kal" ? EmbeddedVoiceChoice::kal : EmbeddedVoiceChoice::in_time;
                return one_of(text, {"in-time", "slt", "kal"});
            }},
    Setting{"GREETING", nullptr, "--greeting", "Hello. You have reached Mouthpiece. …", "what a caller hears; {from} {to} {call_sid} and {name} of the webhook's ?name= are filled in",
            [](Configuration& to, const std::string& text) -> Fault {
                if (const auto sound = call::check_greeting(text); !sound) return sound.error();
                to.gateway.greeting = text;
                return std::nullopt;
            }},
    Setting{"NUMBERS_FILE", nullptr, "--numbers-file", "none", "a TOML file of what each number gets instead; read again when it changes, and on SIGHUP",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.numbers_file = text; return std::nullopt; }},
    Setting{"REDIS_URL", nullptr, nullptr, "none: this server is alone", "where several servers share what they have said and ElevenLabs' plan: redis://[[user]:password@]host[:port][/database]",
            [](Configuration& to, const std::string& text) -> Fault {
                auto address = net::parse_redis_url(text);
                if (!address) return address.error();
                to.gateway.redis = std::move(*address);
                return std::nullopt;
            }},
    Setting{"CACHE_DIR", nullptr, "--cache-dir", "none: in memory only", "directory in which speech is kept between starts",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.cache_directory = text; return std::nullopt; }},
    Setting{"CACHE_DISK_MB", nullptr, "--cache-disk-mb", "512", "speech kept in CACHE_DIR, in MiB; the least recently heard goes first",
            [](Configuration& to, const std::string& text) { return mebibytes(text, 1, 1 << 20, to.gateway.cache_disk_bytes_max); }},
    Setting{"CACHE_MEMORY_MB", nullptr, "--cache-memory-mb", "256", "speech kept in memory, in MiB",
            [](Configuration& to, const std::string& text) { return mebibytes(text, 0, 1 << 20, to.gateway.cache_memory_bytes_max); }},
    Setting{"WARM_FILE", nullptr, "--warm", "none", "phrases to say into the cache at start, one a line, or voice_id|text",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.warm_file = text; return std::nullopt; }},
    Setting{"AFTER_SPEECH", nullptr, "--after-speech", "stay", "after the last word: stay or hangup",
            [](Configuration& to, const std::string& text) { to.gateway.after_speech = text == "hangup" ? call::AfterSpeech::hang_up : call::AfterSpeech::stay; return one_of(text, {"stay", "hangup"}); }},
    Setting{"CALLER_AUDIO", nullptr, "--caller-audio", "ignore", "what the caller says: ignore, or level (GET /connections tells how loud)",
            [](Configuration& to, const std::string& text) { to.gateway.session.caller_audio = text == "level" ? call::CallerAudio::level : call::CallerAudio::ignore; return one_of(text, {"ignore", "level"}); }},
    Setting{"LEAD_MS", nullptr, "--lead-ms", "2000", "how far ahead of the caller's ear audio is sent, in ms", lead},
    Setting{"DRAIN_SECONDS", nullptr, "--drain-seconds", "600", "after SIGTERM running calls may last this long",
            [](Configuration& to, const std::string& text) { return number(text, 0, 86'400, [&](std::int64_t v) { to.gateway.drain_max = std::chrono::seconds(v); }); }},
    Setting{"DRAIN_POLICY", nullptr, "--drain-policy", "busy", "after SIGTERM a new call: busy (hears BUSY_TEXT), serve (is taken), or the URL of another server's webhook",
            drain_policy},
    Setting{"RECORDINGS_DIR", nullptr, "--recordings-dir", "none: nothing is recorded", "directory for recordings of calls",
            [](Configuration& to, const std::string& text) -> Fault { to.gateway.recordings_directory = text; return std::nullopt; }},
    Setting{"RECORD", nullptr, "--record", "false", "true: record every call; a rule of NUMBERS_FILE or POST /calls may say otherwise",
            [](Configuration& to, const std::string& text) { to.gateway.record = text == "true"; return one_of(text, {"true", "false"}); }},
    Setting{"RECORDINGS_MB", nullptr, "--recordings-mb", "4096", "recordings kept, in MiB (an hour of a call is 55); the oldest go first",
            [](Configuration& to, const std::string& text) { return number(text, 1, 1 << 24, [&](std::int64_t v) { to.gateway.recordings_bytes_max = static_cast<std::uint64_t>(v) << 20; }); }},
    Setting{"RECORDINGS_DAYS", nullptr, "--recordings-days", "30", "how long recordings are kept; 0: until somebody removes them",
            [](Configuration& to, const std::string& text) { return number(text, 0, 36'500, [&](std::int64_t v) { to.gateway.recordings_kept_for = std::chrono::days(v); }); }},
    Setting{"LOG_LEVEL", nullptr, "--log-level", "info", "debug, info, warn or error",
            [](Configuration& to, const std::string& text) { to.log_level = text; return one_of(text, {"debug", "info", "warn", "error"}); }},
    Setting{"LOG_FORMAT", nullptr, "--log-format", "text", "text, or json: one object a line",
            [](Configuration& to, const std::string& text) { to.log_as_json = text == "json"; return one_of(text, {"text", "json"}); }},
};
// clang-format on

// In the order of --help.
std::vector<Setting> all_settings() {
    std::vector<Setting> all(main_settings.begin(), main_settings.end());
    const auto limits = limit_settings();
    all.insert(all.end(), limits.begin(), limits.end());
    return all;
}

Configuration standard_configuration() {
    Configuration standard;
    standard.gateway.elevenlabs_connections_ahead = 2;
    standard.gateway.voice.id = "21m00Tcm4TlvDq8ikWAM";
    standard.gateway.voice.model = "eleven_flash_v2_5";
    standard.gateway.greeting =
        "Hello. You have reached Mouthpiece. This voice was prepared while your phone was still ringing. "
        "Set the greeting to say something of your own. Thank you for calling.";
    return standard;
}

Fault apply_environment(Configuration& configuration, const Environment& environment) {
    for (const Setting& setting : all_settings()) {
        const char* name = setting.variable;
        auto value = environment(name);
        if ((!value || value->empty()) && setting.other_variable != nullptr)
            value = environment(name = setting.other_variable);
        if (!value || value->empty()) continue;
        if (const auto fault = setting.apply(configuration, *value)) return fmt::format("{} {}.", name, *fault);
    }
    return std::nullopt;
}

Fault apply_flags(Configuration& configuration, std::span<const char* const> arguments) {
    const auto settings = all_settings();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        const std::string_view name = argument.substr(0, argument.find('='));
        const Setting* found = nullptr;
        for (const Setting& setting : settings) {
            if (setting.flag != nullptr && name == setting.flag) found = &setting;
        }
        if (found == nullptr) return fmt::format("'{}' is not a flag of serve; --help lists them.", name);
        std::string value;
        if (name.size() < argument.size()) {
            value = argument.substr(name.size() + 1);
        } else if (++i < arguments.size()) {
            value = arguments[i];
        } else {
            return fmt::format("{} needs a value.", name);
        }
        if (const auto fault = found->apply(configuration, value)) return fmt::format("{} {}.", name, *fault);
    }
    return std::nullopt;
}

// What no setting can tell alone.
Fault judge_together(const Configuration& configuration) {
    if (configuration.gateway.record && configuration.gateway.recordings_directory.empty())
        return "RECORD is true and RECORDINGS_DIR is not set: there is no place for recordings.";
    const bool certificate = !configuration.gateway.tls_certificate_file.empty();
    const bool key = !configuration.gateway.tls_key_file.empty();
    if (certificate == key) return std::nullopt;
    return fmt::format("{} is set and {} is not: TLS needs both.", certificate ? "TLS_CERT_FILE" : "TLS_KEY_FILE",
                       certificate ? "TLS_KEY_FILE" : "TLS_CERT_FILE");
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::expected<std::map<std::string, std::string>, std::string> read_dotenv(std::string_view text) {
    std::map<std::string, std::string> values;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = text.find('\n');
        std::string_view line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with("export ")) line = trimmed(line.substr(7));
        const std::size_t equals = line.find('=');
        if (equals == 0 || equals == std::string_view::npos) {
            return std::unexpected(fmt::format(".env line {} is not of the form NAME=value.", line_number));
        }
        std::string_view value = trimmed(line.substr(equals + 1));
        if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
            const std::size_t closing = value.find(value.front(), 1);
            if (closing == std::string_view::npos) {
                return std::unexpected(fmt::format(".env line {} has a quote that is not closed.", line_number));
            }
            value = value.substr(1, closing - 1);
        } else {
            value = trimmed(value.substr(0, std::min(value.find(" #"), value.size())));
        }
        values.insert_or_assign(std::string(trimmed(line.substr(0, equals))), std::string(value));
    }
    return values;
}

std::expected<Configuration, std::string> read_configuration(std::span<const char* const> arguments,
                                                             const Environment& environment) {
    Configuration configuration = standard_configuration();
    if (auto fault = apply_environment(configuration, environment)) return std::unexpected(std::move(*fault));
    if (auto fault = apply_flags(configuration, arguments)) return std::unexpected(std::move(*fault));
    if (auto fault = judge_together(configuration)) return std::unexpected(std::move(*fault));
    return configuration;
}

std::vector<SettingDescription> setting_descriptions() {
    std::vector<SettingDescription> descriptions;
    for (const Setting& setting : all_settings()) descriptions.push_back(setting);
    return descriptions;
}
