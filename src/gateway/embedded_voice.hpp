#pragma once
// The embedded voice as a source of speech. Making it occupies a processor, so it happens on threads of its own, shared
// by all event loops; each loop has an EmbeddedVoice that hears, on the loop, of what the threads have made.
//
// The threads work sentence by sentence, and always at the sentence whose audio is needed first: a long text does not
// hold up the first words of others, and nobody runs dry while another is served far ahead.
//
// There are two voices. The pleasant one (slt) speaks 40 times faster than it is heard, the plain one (kal) 250 times.
// When so many need speech at once that the pleasant one would come late, it says so, and the plain one speaks.

#include "net/event_loop.hpp"
#include "speech/speech_source.hpp"
#include "voice/flite_voice.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gateway {

class VoiceMailbox;
class VoiceQueue;

class EmbeddedVoicePool {
public:
    struct Options {
        unsigned threads = 0;             // 0: one per core
        std::size_t waiting_max = 1'024;  // speeches; one more is refused as busy
    };
    explicit EmbeddedVoicePool(Options options);
    // Speech in the making fails. May be destroyed before or after the voices and utterances that use it.
    ~EmbeddedVoicePool();
    EmbeddedVoicePool(const EmbeddedVoicePool&) = delete;
    EmbeddedVoicePool& operator=(const EmbeddedVoicePool&) = delete;

private:
    friend class EmbeddedVoice;
    std::shared_ptr<VoiceQueue> queue_;
    std::vector<std::jthread> threads_;
};

class EmbeddedVoice final : public speech::SpeechSource {
public:
    struct Options {
        voice::FliteVoiceName voice = voice::FliteVoiceName::slt;
        // What has waited so long beyond its need is refused as busy, "voice late". None: late is better than never.
        std::optional<std::chrono::milliseconds> late_max{};
    };
    EmbeddedVoice(net::EventLoop& loop, EmbeddedVoicePool& pool, Options options);
    // To be destroyed before the loop, and on its thread. What still speaks falls silent without a further word.
    ~EmbeddedVoice() override;

    // Of the voice, only settings.speed has a meaning here. Text without a word in it that this voice can read fails as
    // refused, "nothing to say"; text beyond voice::text_bytes_max as refused, "text too long".
    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override;

private:
    net::EventLoop& loop_;
    const Options options_;
    std::shared_ptr<VoiceQueue> queue_;
    std::shared_ptr<VoiceMailbox> mailbox_;
};

}  // namespace gateway
