#include "simulator/call_options.hpp"

#include "audio/resampler.hpp"
#include "audio/wav.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace simulator {

namespace {

constexpr const char* default_webhook = "http://127.0.0.1:8001/api/v1/elevenlabs-twilio/call/incoming";

// What CLI11 fills in before it is judged.
struct Raw {
    std::string url = default_webhook, public_url, fallback_url, status_callback_url, auth_token, speak_file;
    std::vector<std::string> parameters;
    int hold_s = -1, quiet_ms = 1'000, jitter_ms = 0, stream_after_ms = 0, hang_up_after_ms = -1, reset_after_ms = -1,
        half_open_after_ms = -1;
    bool plain_stream = false;
    std::vector<std::string> keys;
};

void declare_call(CLI::App& app, CallOptions& options, Raw& raw) {
    CallPlan& plan = options.plan;
    app.add_option(
           "--url", raw.url,
           "Webhook to call; {n} in it is the number of the call; #rc=3&rp=all… behind it says how often to ask "
           "again, as with Twilio")
        ->capture_default_str();
    app.add_option("--public-url", raw.public_url,
                   "Scheme and host Twilio would use, when they differ from --url (signatures)");
    app.add_option("--fallback-url", raw.fallback_url, "Asked for TwiML when the webhook fails");
    app.add_option("--status-callback", raw.status_callback_url, "Told when the call is over");
    app.add_option("--method", plan.webhook_method, "Of the webhook request")->check(CLI::IsMember({"POST", "GET"}));
    app.add_option("--from", plan.caller.from, "First caller's number; each further call has the next one")
        ->capture_default_str();
    app.add_option("--to", plan.caller.to, "Number called")->capture_default_str();
    app.add_option("--account-sid", plan.caller.account_sid, "Account")->envname("TWILIO_ACCOUNT_SID");
    app.add_option("--auth-token", raw.auth_token, "Signs the requests; without it they are unsigned")
        ->envname("TWILIO_AUTH_TOKEN");
    app.add_option("--param", raw.parameters, "NAME=VALUE: a further webhook parameter (repeatable)");
    app.add_option("--signature", plan.stream_signature,
                   "Of the stream: good, slash (Twilio's other form), wrong, absent")
        ->transform(CLI::CheckedTransformer(std::map<std::string, SignatureMode>{{"good", SignatureMode::good},
                                                                                 {"slash", SignatureMode::slash},
                                                                                 {"wrong", SignatureMode::wrong},
                                                                                 {"absent", SignatureMode::absent}}));
    app.add_option("--ca-file", options.ca_file,
                   "PEM file of the authorities to believe for https and wss, instead of the system's")
        ->check(CLI::ExistingFile);
    app.add_flag("--insecure", options.insecure, "Believe any certificate (tests)");
    app.add_flag("--insecure-ws", raw.plain_stream,
                 "Open wss:// streams without TLS at the webhook's host (automatic for http:// on this machine)");
}

void declare_behaviour(CLI::App& app, CallOptions& options, Raw& raw) {
    app.add_option("--calls", options.calls, "How many calls")->check(CLI::Range(1, 100'000));
    app.add_option("--rate", options.calls_per_second, "Calls begun per second")
        ->check(CLI::Range(0.01, 10'000.0))
        ->capture_default_str();
    app.add_option("--stream-after", raw.stream_after_ms,
                   "Open the stream so many milliseconds after the webhook was asked, as a ringing phone does")
        ->check(CLI::Range(0, 60'000));
    app.add_option("--hold,--duration", raw.hold_s, "Seconds to stay on the line (default: until the message is over)");
    app.add_option("--quiet", raw.quiet_ms, "Milliseconds of silence behind the last mark that end a message")
        ->capture_default_str();
    app.add_option("--speak", raw.speak_file, "WAV file the caller says; silence otherwise")->check(CLI::ExistingFile);
    app.add_option("--key", raw.keys, "MS:DIGIT: a key pressed so long after pick-up (repeatable, in order)");
    app.add_option("--jitter", raw.jitter_ms, "Milliseconds by which the caller's audio comes irregularly")
        ->check(CLI::Range(0, 5'000));
    app.add_option("--burst", options.plan.line.burst_frames, "Caller's audio in groups of so many frames")
        ->check(CLI::Range(1, 50));
    app.add_flag("--odd-sizes", options.plan.line.odd_sizes, "Caller's audio in messages of odd sizes");
    app.add_option("--hangup-after", raw.hang_up_after_ms, "Hang up so many milliseconds after pick-up");
    app.add_option("--reset-after", raw.reset_after_ms,
                   "Cut the first stream's connection so many milliseconds after pick-up");
    app.add_option("--half-open-after", raw.half_open_after_ms,
                   "Fall silent on the first stream without closing, so many milliseconds after pick-up");
    app.add_flag("--lost-stream-ends-call", options.plan.lost_stream_ends_call,
                 "When the server breaks a stream off, end the call instead of asking the action of <Connect>");
    app.add_flag("--slow-reader", options.plan.trouble.slow_reader, "Read for 100 ms of every second only");
    app.add_flag("--close-without-stop", options.plan.trouble.close_without_stop, "Hang up without the stop message");
    app.add_option("--wav", options.wav_file,
                   "Write what the first caller heard; with {n} in it, what each of them heard");
    app.add_flag("--light{false}", options.plan.ear.keep_audio, "Keep no audio: counts and gaps only, for many calls");
    app.add_flag("--json", options.json, "One JSON object per call, then one for all");
}

std::optional<std::chrono::milliseconds> after(int milliseconds) {
    if (milliseconds < 0) return std::nullopt;
    return std::chrono::milliseconds(milliseconds);
}

using Problem = std::optional<std::string>;

Problem read_addresses(const Raw& raw, CallPlan& plan) {
    const auto webhook = parse_address(raw.url);
    if (!webhook || !webhook->scheme.starts_with("http"))
        return fmt::format("--url: '{}' is not a web address", raw.url);
    plan.webhook = *webhook;
    const bool plain = webhook->scheme == "http";
    if (raw.plain_stream || !raw.public_url.empty() || (plain && webhook->loopback())) {
        plan.route = Route(*webhook, raw.plain_stream || plain);
    }
    if (!raw.public_url.empty()) {
        const auto base = parse_address(raw.public_url);
        if (!base) return fmt::format("--public-url: '{}' is not a web address", raw.public_url);
        plan.webhook.scheme = base->scheme;
        plan.webhook.authority = base->authority;
    }
    for (const auto& [text, into] :
         {std::pair{&raw.fallback_url, &plan.fallback}, {&raw.status_callback_url, &plan.status_callback}}) {
        if (text->empty()) continue;
        *into = resolve(plan.webhook, *text);
        if (!*into) return fmt::format("'{}' is not a web address", *text);
    }
    return std::nullopt;
}

Problem read_caller_audio(const std::string& file_name, audio::Clip& into) {
    if (file_name.empty()) return std::nullopt;
    std::ifstream file(file_name, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
    const auto wav = audio::read_wav(std::as_bytes(std::span(content)));
    if (!wav) return fmt::format("--speak: '{}' is not a mono mu-law or 16-bit WAV file", file_name);
    if (const auto* mulaw = std::get_if<audio::MulawSamples>(&wav->samples)) {
        into = audio::Clip(*mulaw);
        return std::nullopt;
    }
    audio::Resampler resampler(wav->rate_hz);
    const auto& samples = std::get<audio::PcmSamples>(wav->samples);
    auto mulaw = audio::mulaw_from_pcm(resampler.push(samples));
    const auto rest = audio::mulaw_from_pcm(resampler.finish());
    mulaw.insert(mulaw.end(), rest.begin(), rest.end());
    into = audio::Clip(std::move(mulaw));
    return std::nullopt;
}

Problem read_keys_and_parameters(const Raw& raw, CallPlan& plan) {
    for (const std::string& parameter : raw.parameters) {
        const auto equals = parameter.find('=');
        if (equals == std::string::npos) return fmt::format("--param: '{}' is not NAME=VALUE", parameter);
        plan.more_parameters.emplace_back(parameter.substr(0, equals), parameter.substr(equals + 1));
    }
    for (const std::string& key : raw.keys) {
        const auto colon = key.find(':');
        int at_ms = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + std::min(colon, key.size()), at_ms);
        const bool valid = colon != std::string::npos && error == std::errc{} && end == key.data() + colon &&
                           key.size() == colon + 2 && std::string_view("0123456789*#ABCD").contains(key.back());
        if (!valid) return fmt::format("--key: '{}' is not MS:DIGIT", key);
        plan.line.keys.push_back({std::chrono::milliseconds(at_ms), key.back()});
    }
    return std::nullopt;
}

Problem judge(const Raw& raw, CallPlan& plan) {
    plan.caller.auth_token = Secret(raw.auth_token);
    plan.patience.hold = raw.hold_s < 0 ? std::nullopt : after(raw.hold_s * 1'000);
    plan.patience.after_mark = std::chrono::milliseconds(raw.quiet_ms);
    plan.line.jitter = std::chrono::milliseconds(raw.jitter_ms);
    plan.stream_after = std::chrono::milliseconds(raw.stream_after_ms);
    plan.trouble.hang_up_after = after(raw.hang_up_after_ms);
    plan.trouble.reset_after = after(raw.reset_after_ms);
    plan.trouble.half_open_after = after(raw.half_open_after_ms);
    if (Problem problem = read_addresses(raw, plan)) return problem;
    if (Problem problem = read_keys_and_parameters(raw, plan)) return problem;
    return read_caller_audio(raw.speak_file, plan.line.caller_audio);
}

}  // namespace

std::expected<CallOptions, int> read_call_options(std::span<const char* const> args) {
    CallOptions options;
    options.plan.caller.from = "+14155550100";
    options.plan.caller.to = "+14155550199";
    Raw raw;
    CLI::App app("Calls a server as Twilio would, and reports what the caller heard.", "mouthpiece call");
    declare_call(app, options, raw);
    declare_behaviour(app, options, raw);
    std::vector<std::string> words(args.rbegin(), args.rend());  // CLI11 takes them from the back
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return std::unexpected(status);
    }
    if (const Problem problem = judge(raw, options.plan)) {
        std::fprintf(stderr, "%s\n", problem->c_str());
        return std::unexpected(2);
    }
    return options;
}

}  // namespace simulator
