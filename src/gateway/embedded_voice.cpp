#include "gateway/embedded_voice.hpp"

#include "audio/mulaw.hpp"
#include "gateway/voice_queue.hpp"
#include "net/mishap.hpp"
#include "voice/mulaw_speech.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <sys/resource.h>
#include <utility>

namespace gateway {

namespace {

// Event loops go first when processors are short: a late frame is heard at once, speech is made 40 times faster than it
// is heard.
constexpr int thread_niceness = 5;

void work(VoiceQueue& queue, VoiceMaker& maker) {
    ::setpriority(PRIO_PROCESS, 0, thread_niceness);  // on Linux: of this thread
    while (const auto job = queue.take()) {
        const bool spoken = net::guarded("embedded voice", [&] {
            const auto made = job->make_sentence(maker, queue.needed_by(*job));
            if (made.more && !queue.put_back(job, made.audio)) job->give_up();
        });
        if (!spoken) net::guarded("embedded voice", [&] { job->give_up(); });
    }
}

}  // namespace

EmbeddedVoicePool::EmbeddedVoicePool(Options options) : queue_(std::make_shared<VoiceQueue>(options.waiting_max)) {
    const unsigned threads = options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < threads; ++i) {
        // Made here: what is wrong with the voice or the sentence rules stops the start.
        auto maker = std::make_shared<VoiceMaker>();
        threads_.emplace_back([queue = queue_, maker] { work(*queue, *maker); });
    }
}

EmbeddedVoicePool::~EmbeddedVoicePool() {
    for (const auto& job : queue_->stop()) job->give_up();
}

// The way from the threads to one loop, until the loop's voice goes.
class VoiceMailbox {
public:
    explicit VoiceMailbox(net::EventLoop& loop) : loop_(&loop) {}

    bool post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        if (loop_ != nullptr) loop_->post(std::move(work));
        return loop_ != nullptr;
    }
    void close() {
        const std::lock_guard lock(mutex_);
        loop_ = nullptr;
    }

private:
    std::mutex mutex_;
    net::EventLoop* loop_;
};

namespace {

using speech::Failure;

// Where a speech is heard. Touched on the loop only, so that nobody is called who has gone.
struct Ear {
    speech::Listener* listener;

    void end(const std::optional<speech::Failure>& failure) {
        auto* const told = std::exchange(listener, nullptr);
        if (told == nullptr) return;
        if (failure) {
            told->on_failed(*failure);
        } else {
            told->on_finished();
        }
    }
};

// One utterance's text on its way through the queue and the threads, one of them at a time.
class Speech final : public VoiceJob {
public:
    Speech(const speech::Request& request, speech::Listener& listener, EmbeddedVoice::Options options,
           std::shared_ptr<VoiceQueue> queue, std::shared_ptr<VoiceMailbox> mailbox)
        : options_(options),
          text_(request.text),
          speed_(request.voice.settings.speed),
          ear_(std::make_shared<Ear>(&listener)),
          queue_(std::move(queue)),
          mailbox_(std::move(mailbox)) {}

    // On the loop: not a word any more.
    void cancel() {
        ear_->listener = nullptr;
        cancelled_ = true;
    }
    Made make_sentence(VoiceMaker& maker, net::Instant needed_by) override;
    void give_up() override { end(Failure{Failure::Kind::unavailable, "voice stopped"}); }
    void end(std::optional<Failure> failure) {
        mailbox_->post([ear = ear_, failure = std::move(failure)] { ear->end(failure); });
    }

private:
    bool too_late(net::Instant needed_by) const {
        return options_.late_max && !sentences_ && net::Clock::now() > needed_by + *options_.late_max;
    }
    bool speak(VoiceMaker& maker, const std::string& sentence, Made& made);
    bool hand_over(audio::Clip clip) {
        return !cancelled_ && !queue_->stopped() && mailbox_->post([ear = ear_, clip = std::move(clip)] {
            if (ear->listener != nullptr) ear->listener->on_audio(clip);
        });
    }

    const EmbeddedVoice::Options options_;
    const Secret text_;
    const double speed_;
    const std::shared_ptr<Ear> ear_;
    const std::shared_ptr<VoiceQueue> queue_;
    const std::shared_ptr<VoiceMailbox> mailbox_;
    std::atomic<bool> cancelled_ = false;

    // The thread that works at it has these to itself; the queue's lock hands them on.
    std::optional<std::vector<std::string_view>> sentences_;
    std::size_t next_sentence_ = 0;
    bool audible_ = false;
};

// False when nobody wants to hear more. A sentence without a word that the voice can read is passed over.
bool Speech::speak(VoiceMaker& maker, const std::string& sentence, Made& made) {
    bool wanted = true;
    const auto spoken = voice::speak_mulaw(maker.voice(options_.voice), sentence, speed_, [&](audio::Clip clip) {
        made.audio += audio::duration_of(clip.size());
        return wanted = hand_over(std::move(clip));
    });
    static_cast<void>(
        spoken);  // a sentence that this voice cannot say is passed over; only all of them together are a failure
    audible_ |= made.audio.count() > 0;
    return wanted;
}

VoiceJob::Made Speech::make_sentence(VoiceMaker& maker, net::Instant needed_by) {
    if (too_late(needed_by)) {
        end(Failure{Failure::Kind::busy, "voice late", Failure::Scope::source});
        return {};
    }
    if (!sentences_) sentences_ = maker.sentences.cut(text_.reveal());
    Made made;
    const bool more = next_sentence_ < sentences_->size();
    const std::string sentence(more ? (*sentences_)[next_sentence_++] : std::string_view{});
    if (more && !speak(maker, sentence, made)) {
        give_up();  // heard only when it is the pool that stops; who cancelled has no ear any more
        return made;
    }
    made.more = next_sentence_ < sentences_->size();
    if (!made.more) {
        end(audible_ ? std::nullopt : std::optional(Failure{Failure::Kind::refused, "nothing to say"}));
    }
    return made;
}

class SpokenUtterance final : public speech::Utterance {
public:
    SpokenUtterance(std::shared_ptr<VoiceQueue> queue, std::shared_ptr<Speech> speech)
        : queue_(std::move(queue)), speech_(std::move(speech)) {}
    ~SpokenUtterance() override {
        speech_->cancel();
        queue_->remove(*speech_);
    }
    void needed_by(speech::Instant when) override { queue_->set_needed_by(*speech_, when); }

private:
    const std::shared_ptr<VoiceQueue> queue_;
    const std::shared_ptr<Speech> speech_;
};

}  // namespace

EmbeddedVoice::EmbeddedVoice(net::EventLoop& loop, EmbeddedVoicePool& pool, Options options)
    : loop_(loop), options_(options), queue_(pool.queue_), mailbox_(std::make_shared<VoiceMailbox>(loop)) {}

EmbeddedVoice::~EmbeddedVoice() {
    mailbox_->close();
}

std::unique_ptr<speech::Utterance> EmbeddedVoice::say(const speech::Request& request, speech::Listener& listener) {
    auto speech = std::make_shared<Speech>(request, listener, options_, queue_, mailbox_);
    if (request.text.reveal().size() > voice::text_bytes_max) {
        speech->end(Failure{Failure::Kind::refused, "text too long"});
    } else if (!queue_->add(speech, loop_.now())) {
        speech->end(Failure{Failure::Kind::busy, "voice busy"});
    }
    return std::make_unique<SpokenUtterance>(queue_, std::move(speech));
}

}  // namespace gateway
