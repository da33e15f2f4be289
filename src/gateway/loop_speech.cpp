#include "gateway/loop_speech.hpp"

#include "gateway/apology.hpp"
#include "gateway/elevenlabs_http.hpp"
#include "gateway/elevenlabs_ws.hpp"

#include <utility>

namespace gateway {

LoopSpeech::LoopSpeech(net::EventLoop& loop, std::size_t index, const Shared& shared)
    : timers_(loop),
      http_(loop, {.connections_per_host_max = Options::elevenlabs_requests_per_loop_max * shared.loops +
                                               shared.options.elevenlabs_connections_ahead}),
      mailbox_(std::make_shared<LoopMailbox>(loop)),
      governor_(shared.slots, timers_,
                [mailbox = mailbox_](std::function<void()> work) { mailbox->post(std::move(work)); }) {
    const Options& options = shared.options;
    if (!options.elevenlabs_key.empty() && options.elevenlabs_connections_ahead > 0) {
        ahead_.emplace(loop, http_,
                       ConnectionsAhead::Options{.url = options.elevenlabs_url,
                                                 .connections = options.elevenlabs_connections_ahead});
    }
    if (shared.files != nullptr) disk_.emplace(loop, *shared.files);
    if (shared.store != nullptr) shared_.emplace(loop, *shared.store, shared.instance, *shared.shared_clips);
    if (disk_ && shared_) disk_and_shared_.emplace(*disk_, *shared_);
    chain_ = speech::make_chain(parts(loop, index, shared));
}

LoopSpeech::~LoopSpeech() {
    mailbox_->close();
}

// What our own voices say costs nobody anything but us, and is not shared.
speech::ClipStore* LoopSpeech::account_store() {
    if (disk_and_shared_) return &*disk_and_shared_;
    if (shared_) return &*shared_;
    return disk_ ? &*disk_ : nullptr;
}

speech::Parts LoopSpeech::parts(net::EventLoop& loop, std::size_t index, const Shared& shared) {
    speech::Parts parts{.timers = timers_};
    parts.account = "elevenlabs";
    if (!shared.options.elevenlabs_key.empty()) parts.remotes = elevenlabs(loop, shared);
    parts.locals = embedded_voices(loop, shared);
    parts.apology = recorded_apology();
    parts.memory = &shared.memory;
    parts.store = account_store();
    parts.local_store = disk_ ? &*disk_ : nullptr;
    parts.governor = &governor_;
    parts.ladder.standard_voice_id = shared.options.voice.id;
    parts.ladder.standard_model = shared.options.voice.model;
    if (shared.places && shared.loops > 1) {
        parts.before_row = [index, &memory = shared.memory, places = shared.places](
                               std::size_t row, const std::string& provider, speech::SpeechSource& own) {
            return std::make_unique<MeetingPoint>(index, provider, memory, own, [places, row] { return places(row); });
        };
    }
    return parts;
}

std::vector<speech::Parts::Provider> LoopSpeech::embedded_voices(net::EventLoop& loop, const Shared& shared) {
    using voice::FliteVoiceName;
    const auto choice = shared.options.embedded_voice;
    std::vector<speech::Parts::Provider> best_first;
    const auto add = [&](const char* name, EmbeddedVoice::Options options) {
        best_first.push_back({name, std::make_unique<EmbeddedVoice>(loop, shared.voices, options)});
    };
    // A caller who has run dry notices less than a second of silence little; the plain voice is to speak before that.
    constexpr std::chrono::milliseconds late_max{300};
    if (choice == EmbeddedVoiceChoice::in_time) add("embedded_voice", {FliteVoiceName::slt, late_max});
    if (choice == EmbeddedVoiceChoice::slt) add("embedded_voice", {FliteVoiceName::slt, {}});
    if (choice != EmbeddedVoiceChoice::slt) add("embedded_voice_plain", {FliteVoiceName::kal, {}});
    return best_first;
}

// Best first: an open WebSocket saves a request its round trips; HTTP works where WebSockets do not.
std::vector<speech::Parts::Provider> LoopSpeech::elevenlabs(net::EventLoop& loop, const Shared& shared) {
    const Options& options = shared.options;
    std::vector<speech::Parts::Provider> best_first;
    if (options.elevenlabs_by_websocket) {
        best_first.push_back(
            {"elevenlabs_websocket", std::make_unique<ElevenLabsWebSocket>(
                                         loop, ElevenLabsWebSocket::Options{.base_url = options.elevenlabs_url,
                                                                            .api_key = options.elevenlabs_key,
                                                                            .authorities = shared.authorities,
                                                                            .default_voice_id = options.voice.id,
                                                                            .model_id = options.voice.model,
                                                                            .language = options.voice.language})});
    }
    const auto observe = [this, &slots = shared.slots] {
        return [this, &slots, ours = slots.figures(timers_.now()).in_flight](const ElevenLabsHttp::ReplyHead& head) {
            slots.note_reply(head.concurrent_requests.value_or(0), head.concurrent_requests_max.value_or(0), ours,
                             timers_.now());
        };
    };
    best_first.push_back({"elevenlabs_http",
                          std::make_unique<ElevenLabsHttp>(http_,
                                                           ElevenLabsHttp::Options{.base_url = options.elevenlabs_url,
                                                                                   .api_key = options.elevenlabs_key,
                                                                                   .default_voice_id = options.voice.id,
                                                                                   .model_id = options.voice.model},
                                                           observe)});
    return best_first;
}

}  // namespace gateway
