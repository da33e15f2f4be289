#pragma once
// One loop's speech chain and what it stands on: its sources, and what they share with other loops. speech/speech_chain
// draws the order in which they are asked.

#include "gateway/clip_files.hpp"
#include "gateway/connections_ahead.hpp"
#include "gateway/embedded_voice.hpp"
#include "gateway/loop_mailbox.hpp"
#include "gateway/loop_timers.hpp"
#include "gateway/meeting_point.hpp"
#include "gateway/options.hpp"
#include "gateway/shared_clips.hpp"
#include "net/event_loop.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"
#include "speech/near_and_far.hpp"
#include "speech/speech_chain.hpp"
#include "speech/speech_source.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

class LoopSpeech final : public speech::SpeechSource {
public:
    // What a loop's chain shares with those of the other loops.
    struct Shared {
        const Options& options;
        EmbeddedVoicePool& voices;
        speech::ClipMemory& memory;
        speech::RequestSlots& slots;
        ClipFiles* files = nullptr;                     // null: nothing is kept on disk
        SharedStore* store = nullptr;                   // this loop's; null: nothing is shared with other instances
        std::string instance{};                         // our name among them
        SharedClipCounts* shared_clips = nullptr;       // with `store`
        std::shared_ptr<const net::Tls> authorities{};  // for ElevenLabs by WebSocket
        std::size_t loops = 1;
        // Row `row` of sources on every loop, for identical texts to meet; asked once all loops are built. Null: they
        // do not meet.
        std::function<std::vector<MeetingPoint::Place>(std::size_t row)> places{};
    };
    LoopSpeech(net::EventLoop& loop, std::size_t index, const Shared& shared);
    ~LoopSpeech() override;

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override {
        return chain_->say(request, listener);
    }

    speech::SpeechChain& chain() { return *chain_; }
    const speech::SpeechChain& chain() const { return *chain_; }
    speech::Governor::Figures budget() const { return governor_.figures(); }
    void purge_shared_clips() {
        if (shared_) shared_->purge();
    }

private:
    speech::ClipStore* account_store();
    speech::Parts parts(net::EventLoop& loop, std::size_t index, const Shared& shared);
    static std::vector<speech::Parts::Provider> embedded_voices(net::EventLoop& loop, const Shared& shared);
    std::vector<speech::Parts::Provider> elevenlabs(net::EventLoop& loop, const Shared& shared);

    LoopTimers timers_;
    net::HttpClient http_;
    std::optional<ConnectionsAhead> ahead_;
    std::shared_ptr<LoopMailbox> mailbox_;
    speech::Governor governor_;
    std::optional<ClipFilesDoor> disk_;
    std::optional<SharedClips> shared_;
    std::optional<speech::NearAndFarStore> disk_and_shared_;
    std::unique_ptr<speech::SpeechChain> chain_;
};

}  // namespace gateway
