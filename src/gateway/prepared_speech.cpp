#include "gateway/prepared_speech.hpp"

#include "gateway/loop_services.hpp"
#include "gateway/speak.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace gateway {

// One prepared message: keeps what the source says until there is a listener, then passes it through.
class PreparedSpeech::Entry final : public speech::Listener {
public:
    Entry(net::EventLoop& loop, std::function<void()> on_expired) : expiry_(loop.timers(), std::move(on_expired)) {}

    void begin(LoopServices& loop, const std::string& call_sid, const speech::Request& request, net::Instant expires) {
        expiry_.arm(expires);
        utterance_ = speak(loop, call_sid, request, *this);
    }

    void pass_on_to(speech::Listener* listener) {
        expiry_.disarm();
        listener_ = listener;
    }

    // Delivers what is waiting. The listener may let go of the utterance in the middle.
    void deliver() {
        for (Piece& piece : std::exchange(pieces_, {})) {
            if (listener_ == nullptr) return;
            if (auto* clip = std::get_if<audio::Clip>(&piece)) {
                listener_->on_audio(std::move(*clip));
            } else {
                listener_->on_sentence_end(std::get<SentenceEnd>(piece).text_end);
            }
        }
        delivering_directly_ = true;
        if (listener_ == nullptr || !ended_) return;
        if (failure_) {
            listener_->on_failed(std::move(*failure_));
        } else {
            listener_->on_finished();
        }
    }

    void cancel() {
        listener_ = nullptr;
        utterance_.reset();
    }
    void needed_by(speech::Instant when) {
        if (utterance_) utterance_->needed_by(when);
    }

private:
    struct SentenceEnd {
        std::size_t text_end;
    };
    using Piece = std::variant<audio::Clip, SentenceEnd>;

    void on_audio(audio::Clip clip) override {
        if (!delivering_directly_) {
            pieces_.emplace_back(std::move(clip));
        } else if (listener_ != nullptr) {
            listener_->on_audio(std::move(clip));
        }
    }
    void on_sentence_end(std::size_t text_end) override {
        if (!delivering_directly_) {
            pieces_.emplace_back(SentenceEnd{text_end});
        } else if (listener_ != nullptr) {
            listener_->on_sentence_end(text_end);
        }
    }
    void on_finished() override {
        ended_ = true;
        if (delivering_directly_ && listener_ != nullptr) listener_->on_finished();
    }
    void on_failed(speech::Failure failure) override {
        ended_ = true;
        if (delivering_directly_ && listener_ != nullptr) return listener_->on_failed(std::move(failure));
        failure_ = std::move(failure);
    }

    net::Timer expiry_;
    std::unique_ptr<speech::Utterance> utterance_;
    speech::Listener* listener_ = nullptr;
    std::vector<Piece> pieces_;
    std::optional<speech::Failure> failure_;
    bool ended_ = false, delivering_directly_ = false;
};

// What the taker holds: keeps the entry alive and cancels it when let go.
class PreparedSpeech::Handle final : public speech::Utterance {
public:
    explicit Handle(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    ~Handle() override { entry_->cancel(); }
    void needed_by(speech::Instant when) override { entry_->needed_by(when); }

private:
    std::shared_ptr<Entry> entry_;
};

PreparedSpeech::PreparedSpeech(LoopServices& loop, Options options) : loop_(loop), options_(options) {}

PreparedSpeech::~PreparedSpeech() = default;

void PreparedSpeech::begin(const std::string& call_sid, const speech::Request& request) {
    if (request.text.empty() || waiting_.contains(call_sid)) return;
    if (loop_.speech.chain().at_hand(request)) return loop_.switchboard.metrics.prepared_speech("at_hand");
    if (waiting_.size() >= options_.calls_max) return loop_.switchboard.metrics.prepared_speech("no_room");
    auto entry = std::make_shared<Entry>(loop_.events, [this, call_sid] { expire(call_sid); });
    waiting_.emplace(call_sid, entry);
    entry->begin(loop_, call_sid, request, loop_.events.now() + options_.life);
}

void PreparedSpeech::drop(const std::string& call_sid) {
    const auto node = waiting_.extract(call_sid);
    if (!node) return;
    loop_.switchboard.metrics.prepared_speech("expired");
    node.mapped()->cancel();
}

// Nobody came for it.
void PreparedSpeech::expire(const std::string& call_sid) {
    auto node = waiting_.extract(call_sid);
    if (!node) return;
    loop_.switchboard.metrics.prepared_speech("expired");
    node.mapped()->cancel();
    loop_.events.post([owner = std::move(node.mapped())] {});  // we stand in its timer
}

std::unique_ptr<speech::Utterance> PreparedSpeech::take(const std::string& call_sid, speech::Listener& listener) {
    auto node = waiting_.extract(call_sid);
    if (!node) return nullptr;
    loop_.switchboard.metrics.prepared_speech("taken");
    auto entry = std::move(node.mapped());
    entry->pass_on_to(&listener);
    // Not from inside take(): the taker has no utterance yet.
    loop_.events.post([entry] { entry->deliver(); });
    return std::make_unique<Handle>(std::move(entry));
}

}  // namespace gateway
