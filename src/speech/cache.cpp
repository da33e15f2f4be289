#include "speech/cache.hpp"

#include "speech/audio_check.hpp"
#include "speech/lifetime.hpp"
#include "speech/recorded_source.hpp"
#include "speech/speaking_rate.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace speech {

// Looks into the store behind, if there is one, then asks the source, keeping what passes by.
class CachedSource::Filling final : public Utterance, Listener {
public:
    Filling(CachedSource& cache, ClipKey key, const Request& request, Listener& listener)
        : cache_(cache), key_(std::move(key)), request_(request), listener_(listener) {
        if (cache_.store_ != nullptr) {
            lookup_ =
                cache_.store_->find(key_, [this](std::optional<audio::Clip> clip) { looked_up(std::move(clip)); });
        } else {
            ask();
        }
    }
    ~Filling() override {
        if (owes_store_) cache_.store_->forgo(key_);
    }
    Filling(const Filling&) = delete;
    Filling& operator=(const Filling&) = delete;

    void needed_by(Instant when) override {
        needed_by_ = when;
        if (utterance_) utterance_->needed_by(when);
    }

private:
    void ask() {
        utterance_ = cache_.source_.say(request_, *this);
        if (needed_by_) utterance_->needed_by(*needed_by_);
    }

    void looked_up(std::optional<audio::Clip> clip) {
        lookup_.reset();
        if (!clip || clip->empty()) {
            owes_store_ = true;
            return ask();
        }
        cache_.memory_.put(key_, *clip);
        const Lifetime::Watch watch(lifetime_);
        listener_.on_audio(std::move(*clip));
        if (!watch.ended()) listener_.on_finished();
    }

    void on_audio(audio::Clip clip) override {
        bytes_ += clip.size();
        if (bytes_ <= cache_.memory_.options().clip_bytes_max) {
            chunks_.push_back(clip);
        } else {
            chunks_.clear();  // too long to keep
        }
        listener_.on_audio(std::move(clip));
    }

    void on_finished() override {
        // A source may call the beginning of a sentence the whole of it, or silence. Once kept, that would be all there
        // ever is.
        const std::string& text = request_.text.reveal();
        if (!chunks_.empty() && !is_cut_short(text, bytes_) && !falls_silent(text, chunks_)) store();
        listener_.on_finished();
    }

    void on_failed(Failure failure) override { listener_.on_failed(std::move(failure)); }

    void store() {
        std::vector<std::byte> whole;
        whole.reserve(bytes_);
        for (const audio::Clip& chunk : chunks_) whole.insert(whole.end(), chunk.bytes().begin(), chunk.bytes().end());
        const audio::Clip clip(std::move(whole));
        cache_.memory_.put(key_, clip);
        if (std::exchange(owes_store_, false)) cache_.store_->put(key_, clip);
    }

    CachedSource& cache_;
    ClipKey key_;
    Request request_;
    Listener& listener_;
    std::optional<Instant> needed_by_;
    std::vector<audio::Clip> chunks_;
    std::size_t bytes_ = 0;
    std::unique_ptr<ClipStore::Lookup> lookup_;
    bool owes_store_ = false;  // it was asked in vain, and awaits what is made instead
    std::unique_ptr<Utterance> utterance_;
    Lifetime lifetime_;
};

std::unique_ptr<Utterance> CachedSource::say(const Request& request, Listener& listener) {
    ClipKey key{provider_, request.text, request.voice};
    if (auto clip = memory_.find(key)) return play_clip(std::move(*clip), timers_, listener);
    return std::make_unique<Filling>(*this, std::move(key), request, listener);
}

}  // namespace speech
