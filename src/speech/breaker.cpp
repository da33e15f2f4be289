#include "speech/breaker.hpp"

#include "speech/recorded_source.hpp"

#include <algorithm>

namespace speech {

using std::chrono::milliseconds;

bool Breaker::allow(Instant now) {
    if (state_ == State::open && now >= retry_at_) state_ = State::half_open;
    if (state_ == State::open || (state_ == State::half_open && probing_)) return false;
    probing_ = state_ == State::half_open;
    return true;
}

void Breaker::answered() {
    // Requests from before it opened may still end well; only a probe, or an answer in the closed state, says how
    // things are now.
    if (state_ == State::open) return;
    state_ = State::closed;
    probing_ = false;
    failures_ = 0;
    backoff_ = milliseconds{0};
}

void Breaker::failed(const Failure& failure, Instant now) {
    const bool account = failure.kind == Failure::Kind::refused && failure.scope == Failure::Scope::account;
    if (!account && !is_transient(failure.kind)) return answered();
    if (state_ == State::open) return;
    ++failures_;
    if (account) {
        open(options_.account_backoff_min, now);
    } else if (state_ == State::half_open || failures_ >= options_.failures_max) {
        open(options_.backoff_min, now);
    }
}

void Breaker::abandoned() {
    probing_ = false;
}

// Half of the backoff is certain, the other half is drawn.
void Breaker::open(milliseconds backoff_min, Instant now) {
    backoff_ = std::clamp(backoff_ * 2, backoff_min, std::max(backoff_min, options_.backoff_max));
    std::uniform_int_distribution<std::int64_t> jitter(backoff_.count() / 2, backoff_.count());
    retry_at_ = now + milliseconds{jitter(random_)};
    state_ = State::open;
    probing_ = false;
    failures_ = 0;
}

namespace {

// Passes everything through and tells the breaker once how it went.
class WatchedUtterance final : public Utterance, Listener {
public:
    WatchedUtterance(Breaker& breaker, SpeechSource& source, Timers& timers, const Request& request, Listener& listener)
        : breaker_(breaker), timers_(timers), listener_(listener), silent_since_(timers.now()) {
        utterance_ = source.say(request, *this);
    }

    // Abandoned: by a caller who hung up, or by a ladder that could wait no longer. The length of the silence tells
    // which.
    ~WatchedUtterance() override {
        if (told_) return;
        const Instant now = timers_.now();
        if (now - silent_since_ >= breaker_.options().silence_max) {
            breaker_.failed({Failure::Kind::unavailable, "no answer"}, now);
        } else if (heard_) {
            breaker_.answered();
        } else {
            breaker_.abandoned();
        }
    }

    void needed_by(Instant when) override { utterance_->needed_by(when); }

private:
    void on_audio(audio::Clip clip) override {
        heard_ = heard_ || !clip.empty();
        silent_since_ = timers_.now();
        listener_.on_audio(std::move(clip));
    }

    void on_finished() override {
        told_ = true;
        if (heard_) {
            breaker_.answered();
        } else {
            breaker_.failed({Failure::Kind::unavailable, "no audio"}, timers_.now());
        }
        listener_.on_finished();
    }

    void on_failed(Failure failure) override {
        told_ = true;
        breaker_.failed(failure, timers_.now());
        listener_.on_failed(std::move(failure));
    }

    Breaker& breaker_;
    Timers& timers_;
    Listener& listener_;
    Instant silent_since_;
    bool heard_ = false, told_ = false;
    std::unique_ptr<Utterance> utterance_;
};

}  // namespace

std::unique_ptr<Utterance> BreakerSource::say(const Request& request, Listener& listener) {
    if (!breaker_.allow(timers_.now())) {
        return fail_soon({Failure::Kind::unavailable, "circuit open", Failure::Scope::source}, timers_, listener);
    }
    return std::make_unique<WatchedUtterance>(breaker_, source_, timers_, request, listener);
}

}  // namespace speech
