#include "gateway/voice_directory.hpp"

#include "elevenlabs/speech_message.hpp"
#include "encoding/form.hpp"

#include <fmt/format.h>

#include <utility>

namespace gateway {

namespace {

using std::chrono::seconds;

constexpr seconds known_for{300}, unknown_for{10};
constexpr std::size_t verdicts_max = 500;
constexpr const char* no_key = "No ELEVEN_LABS_API_KEY is set: the embedded voice speaks.";

// Why nothing can be told, as a sentence.
std::string reason_of(const std::expected<Fetched, net::TransportError>& answer) {
    if (!answer) return "ElevenLabs was not reached.";
    const auto error = elevenlabs::read_error(answer->head.status, answer->body);
    if (error.code == "missing_permissions" || error.code == "insufficient_permissions")
        return "The key may speak, but not read voices (voices_read).";
    if (error.blame == elevenlabs::Blame::key) return fmt::format("ElevenLabs refuses the key ({}).", error.code);
    if (answer->head.status == 200) return "ElevenLabs' answer is not of the known form.";
    return fmt::format("ElevenLabs answered with status {}.", answer->head.status);
}

VoiceVerdict judge(const std::string& voice_id, const std::expected<Fetched, net::TransportError>& answer) {
    if (answer && answer->head.status == 200) {
        auto voice = elevenlabs::read_voice(answer->body);
        if (voice && voice->voice_id == voice_id) return {.validity = Validity::valid, .voice = std::move(*voice)};
    } else if (answer) {
        const auto error = elevenlabs::read_error(answer->head.status, answer->body);
        if (error.blame == elevenlabs::Blame::voice) {
            return {.validity = Validity::invalid,
                    .reason = fmt::format("The account has no voice of that id ({}).", error.code)};
        }
    }
    return {.validity = Validity::unknown, .reason = reason_of(answer)};
}

VoiceList read_list(const std::expected<Fetched, net::TransportError>& answer) {
    if (answer && answer->head.status == 200) {
        if (auto voices = elevenlabs::read_voices(answer->body)) return {.known = true, .voices = std::move(*voices)};
    }
    return {.known = false, .reason = reason_of(answer)};
}

}  // namespace

const char* name_of(Validity validity) {
    return validity == Validity::valid ? "valid" : validity == Validity::invalid ? "invalid" : "unknown";
}

net::OutgoingRequest VoiceDirectory::request(const std::string& path) const {
    return {.method = "GET",
            .url = options_.elevenlabs_url + path,
            .headers = {{"xi-api-key", options_.elevenlabs_key.reveal()}},
            .total_timeout = seconds(10),
            .body_bytes_max = elevenlabs::account_reply_bytes_max};
}

void VoiceDirectory::find(const std::string& voice_id, std::function<void(const VoiceVerdict&)> done) {
    if (options_.elevenlabs_key.empty()) return done({.validity = Validity::unknown, .reason = no_key});
    if (const auto kept = verdicts_.find(voice_id); kept != verdicts_.end() && now_() < kept->second.until)
        return done(kept->second.value);
    fetches_.start(request("/v1/voices/" + encoding::percent_encode(voice_id)),
                   [this, voice_id, done = std::move(done)](const auto& answer) {
                       const VoiceVerdict verdict = judge(voice_id, answer);
                       keep(voice_id, verdict);
                       done(verdict);
                   });
}

void VoiceDirectory::list(std::function<void(const VoiceList&)> done) {
    if (options_.elevenlabs_key.empty()) return done({.known = false, .reason = no_key});
    if (list_ && now_() < list_->until) return done(list_->value);
    fetches_.start(request("/v1/voices"), [this, done = std::move(done)](const auto& answer) {
        VoiceList voices = read_list(answer);
        list_ = {voices, now_() + (voices.known ? known_for : unknown_for)};
        done(voices);
    });
}

void VoiceDirectory::keep(const std::string& voice_id, const VoiceVerdict& verdict) {
    const auto now = now_();
    if (verdicts_.size() >= verdicts_max)
        std::erase_if(verdicts_, [&](const auto& kept) { return kept.second.until <= now; });
    if (verdicts_.size() >= verdicts_max) verdicts_.clear();
    verdicts_.insert_or_assign(
        voice_id, Kept<VoiceVerdict>{verdict, now + (verdict.validity == Validity::unknown ? unknown_for : known_for)});
}

}  // namespace gateway
