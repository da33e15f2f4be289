#include "gateway/doctor_account.hpp"

#include "audio/mulaw.hpp"
#include "elevenlabs/account_message.hpp"
#include "elevenlabs/speech_message.hpp"
#include "encoding/form.hpp"
#include "gateway/call_plan.hpp"
#include "gateway/elevenlabs_http.hpp"
#include "gateway/numbers_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace gateway {

namespace {

using HostReply = std::expected<Fetched, net::TransportError>;

constexpr std::string_view host_check = "ElevenLabs", key_check = "key", plan_check = "plan", voice_check = "voice",
                           model_check = "model", output_check = "output";
constexpr std::string_view spend_hint = "mouthpiece doctor --spend finds out with one spoken word.";

// What stands in the way of an answer, if anything does. `permission` is the one the key needs for it.
std::optional<Finding> obstacle(std::string_view check, const HostReply& reply, std::string_view permission) {
    const std::string name(check);
    if (!reply) return cannot_tell(name, describe(reply.error()), advise(reply.error()));
    if (reply->head.status == 200) return std::nullopt;
    const auto error = elevenlabs::read_error(reply->head.status, reply->body);
    if (error.code == "missing_permissions" || error.code == "insufficient_permissions") {
        return cannot_tell(name, fmt::format("The key lacks the permission {}, so this cannot be seen.", permission),
                           fmt::format("Speech works without it; give the key {}, or: {}", permission, spend_hint));
    }
    if (elevenlabs::is_transient(error.blame)) {
        return cannot_tell(name, fmt::format("ElevenLabs answers {} ({}).", reply->head.status, error.code),
                           "Try again later.");
    }
    if (error.blame == elevenlabs::Blame::key) {
        return cannot_tell(name, fmt::format("The key is refused ({}).", error.code), "Mend the key first.");
    }
    return problem(name, fmt::format("ElevenLabs refuses: {} {}", error.code, error.message),
                   "Look at the account on elevenlabs.io.");
}

Finding examine_host(const HostReply& reply, const std::string& url) {
    const std::string name(host_check);
    if (!reply) return problem(name, fmt::format("{} {}", url, describe(reply.error())), advise(reply.error()));
    const auto region = reply->head.header("x-region");
    return ok(name,
              fmt::format("{} answers{}.", url, region.empty() ? "" : fmt::format(" from {}", region.substr(0, 40))));
}

Finding examine_key(const HostReply& subscription) {
    const std::string name(key_check);
    if (!subscription) return cannot_tell(name, "ElevenLabs was not reached.");
    if (subscription->head.status == 200) return ok(name, "The key opens an account.");
    const auto error = elevenlabs::read_error(subscription->head.status, subscription->body);
    if (error.code == "missing_permissions" || error.code == "insufficient_permissions") {
        return cannot_tell(name, "The key is known, but restricted; whether it may speak cannot be seen.",
                           std::string(spend_hint));
    }
    if (error.blame == elevenlabs::Blame::key) {
        return problem(name, fmt::format("ElevenLabs refuses the key ({}).", error.code),
                       "Copy it again from elevenlabs.io, Developers, API Keys, into ELEVEN_LABS_API_KEY.");
    }
    return *obstacle(key_check, subscription, "user_read");
}

Finding judge_plan(const elevenlabs::Subscription& plan, const Options& options, bool turbo) {
    const std::string name(plan_check);
    const auto at_once = elevenlabs::concurrent_requests_of(plan.tier, turbo);
    const std::string says =
        fmt::format("Plan '{}': {} of {} credits left{}.", plan.tier, plan.characters_left(), plan.characters_max,
                    at_once ? fmt::format(", {} requests at once", *at_once) : "");
    for (const std::string_view bad :
         {"past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "free_disabled"}) {
        if (plan.status == bad)
            return problem(name, fmt::format("{} Its status is '{}'.", says, plan.status),
                           "Settle it on elevenlabs.io.");
    }
    if (plan.characters_left() == 0)
        return problem(name, says, "Buy credits, or wait for the next period: until then the embedded voice speaks.");
    if (at_once && options.elevenlabs_requests_max > *at_once) {
        return problem(
            name, says,
            fmt::format("More requests are configured ({}) than the plan allows.", options.elevenlabs_requests_max));
    }
    if (plan.characters_left() < plan.characters_max / 10) return ok(name, says, "Less than a tenth is left.");
    return ok(name, says);
}

Finding unreadable(std::string_view check) {
    return cannot_tell(std::string(check), "ElevenLabs' answer is not of the known form.", std::string(spend_hint));
}

// `place`: where the voice is named.
Finding examine_voice(const HostReply& reply, const std::string& id, std::string_view place,
                      const std::optional<elevenlabs::Subscription>& plan) {
    const std::string name(voice_check);
    if (reply && reply->head.status != 200) {
        const auto error = elevenlabs::read_error(reply->head.status, reply->body);
        if (error.blame == elevenlabs::Blame::voice) {
            return problem(
                name, fmt::format("The account has no voice {} ({}).", id, error.code),
                fmt::format("Choose one of the account's own on elevenlabs.io and set {}: until then another "
                            "voice speaks.",
                            place));
        }
    }
    if (auto found = obstacle(voice_check, reply, "voices_read")) return *found;
    const auto voice = elevenlabs::read_voice(reply->body);
    if (!voice || voice->voice_id != id) return unreadable(voice_check);
    const std::string says = fmt::format("Voice {} is '{}' ({}).", voice->voice_id, voice->name, voice->category);
    if (plan && plan->tier == "free" && is_library_voice(*voice)) {
        return cannot_tell(name,
                           fmt::format("{} Free plans may not use voices from the library through the API.", says),
                           std::string(spend_hint));
    }
    return ok(name, says);
}

// Those that only rules of NUMBERS_FILE name, as far as they are no good.
void append_voices_of_numbers(Findings& findings, const Options& options,
                              const std::optional<elevenlabs::Subscription>& plan, const auto& ask) {
    constexpr std::size_t voices_max = 50;
    const auto rules =
        options.numbers_file.empty()
            ? numbers::Rules()
            : read_numbers_file(options.numbers_file, !options.recordings_directory.empty()).value_or(numbers::Rules());
    std::set<std::string> seen{options.voice.id};
    for (const numbers::Rule& rule : rules.all()) {
        const std::string id = numbers::apply_layers({&rule}, call_settings(options)).voice.id;
        if (!seen.insert(id).second || seen.size() > voices_max) continue;
        auto finding = examine_voice(ask("/v1/voices/" + encoding::percent_encode(id)), id,
                                     fmt::format("voice_id in NUMBERS_FILE, behind line {}", rule.position.line), plan);
        if (finding.verdict != Verdict::ok) findings.push_back(std::move(finding));
    }
}

Finding examine_model(const std::expected<std::vector<elevenlabs::ModelEntry>, elevenlabs::AccountReplyError>& models,
                      const Options& options) {
    const std::string name(model_check);
    if (!models) return unreadable(model_check);
    const auto found = std::ranges::find(*models, options.voice.model, &elevenlabs::ModelEntry::model_id);
    const std::string& id = options.voice.model;
    if (found == models->end())
        return problem(name, fmt::format("There is no model {}.", id), "Set MODEL_ID to eleven_flash_v2_5.");
    if (!found->speaks)
        return problem(name, fmt::format("{} is not a text-to-speech model.", id),
                       "Set MODEL_ID to eleven_flash_v2_5.");
    const std::string& language = options.voice.language;
    if (!language.empty() && !found->languages.empty() &&
        std::ranges::find(found->languages, language) == found->languages.end()) {
        return problem(name, fmt::format("{} does not list the language '{}'.", id, language),
                       "Change LANGUAGE_CODE or MODEL_ID.");
    }
    return ok(name, fmt::format("{} speaks.", id));
}

struct Word final : speech::Listener {
    void on_audio(audio::Clip clip) override { bytes += clip.size(); }
    void on_finished() override { ended = true; }
    void on_failed(speech::Failure its_failure) override {
        failure = std::move(its_failure);
        ended = true;
    }
    std::size_t bytes = 0;
    bool ended = false;
    std::optional<speech::Failure> failure;
};

Finding examine_output(Fetcher& fetcher, const Options& options) {
    const std::string name(output_check);
    ElevenLabsHttp source(fetcher.http(), {.base_url = options.elevenlabs_url,
                                           .api_key = options.elevenlabs_key,
                                           .default_voice_id = options.voice.id,
                                           .model_id = options.voice.model,
                                           .total_timeout = std::chrono::seconds(15)});
    Word word;
    const auto began = fetcher.loop().now();
    const speech::Request request{
        .text = Secret("Hello."), .voice = options.voice, .previous_text = {}, .next_text = {}};
    const auto utterance = source.say(request, word);
    run_until(fetcher.loop(), [&] { return word.ended; });
    if (!word.failure) {
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(fetcher.loop().now() - began);
        const auto audio = std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(word.bytes));
        return ok(name, fmt::format("One word was spoken: {} ms of audio in {} ms.", audio.count(), took.count()));
    }
    if (speech::is_transient(word.failure->kind))
        return cannot_tell(name, fmt::format("Speaking failed: {}.", word.failure->reason), "Try again.");
    return problem(name, fmt::format("Speaking is refused: {}.", word.failure->reason),
                   "The lines above say what to look at.");
}

}  // namespace

Findings examine_account(Fetcher& fetcher, const Options& options, bool spend) {
    if (options.elevenlabs_key.empty()) {
        return {ok(std::string(key_check), "No key is set: callers hear the embedded voice.",
                   "Set ELEVEN_LABS_API_KEY to hear ElevenLabs.")};
    }
    const auto ask = [&](std::string_view path) {
        return fetcher.get(fmt::format("{}{}", options.elevenlabs_url, path),
                           {{"xi-api-key", options.elevenlabs_key.reveal()}});
    };
    const HostReply subscription = ask("/v1/user/subscription");
    Findings findings{examine_host(subscription, options.elevenlabs_url), examine_key(subscription)};
    if (!subscription) {
        for (const auto check : {plan_check, voice_check, model_check, output_check}) {
            findings.push_back(cannot_tell(std::string(check), "ElevenLabs was not reached."));
        }
        return findings;
    }
    const HostReply voice = ask("/v1/voices/" + encoding::percent_encode(options.voice.id));
    const HostReply models = ask("/v1/models");

    std::optional<elevenlabs::Subscription> plan;
    if (subscription->head.status == 200) {
        if (const auto read = elevenlabs::read_subscription(subscription->body)) plan = *read;
    }
    const auto plan_obstacle = obstacle(plan_check, subscription, "user_read");
    findings.push_back(plan_obstacle ? *plan_obstacle
                       : plan        ? judge_plan(*plan, options, elevenlabs::is_turbo(options.voice.model, nullptr))
                                     : unreadable(plan_check));
    findings.push_back(examine_voice(voice, options.voice.id, "VOICE_ID", plan));
    append_voices_of_numbers(findings, options, plan, ask);
    const auto model_obstacle = obstacle(model_check, models, "models_read");
    findings.push_back(model_obstacle ? *model_obstacle
                                      : examine_model(elevenlabs::read_models(models->body), options));
    findings.push_back(spend ? examine_output(fetcher, options)
                             : cannot_tell(std::string(output_check), "Not tried: it would cost a few credits.",
                                           std::string(spend_hint)));
    return findings;
}

}  // namespace gateway
