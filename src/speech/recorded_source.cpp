#include "speech/recorded_source.hpp"

#include "speech/lifetime.hpp"

namespace speech {

namespace {

using std::chrono::milliseconds;

class ClipUtterance final : public Utterance {
public:
    ClipUtterance(audio::Clip clip, Timers& timers, Listener& listener) : clip_(std::move(clip)), listener_(listener) {
        timer_ = timers.after(milliseconds{0}, [this] { play(); });
    }

private:
    void play() {
        const Lifetime::Watch watch(lifetime_);
        if (!clip_.empty()) listener_.on_audio(clip_);
        if (!watch.ended()) listener_.on_finished();
    }

    audio::Clip clip_;
    Listener& listener_;
    std::unique_ptr<Timers::Timer> timer_;
    Lifetime lifetime_;
};

class FailingUtterance final : public Utterance {
public:
    FailingUtterance(Failure failure, Timers& timers, Listener& listener) {
        timer_ =
            timers.after(milliseconds{0}, [failure = std::move(failure), &listener] { listener.on_failed(failure); });
    }

private:
    std::unique_ptr<Timers::Timer> timer_;
};

}  // namespace

std::unique_ptr<Utterance> play_clip(audio::Clip clip, Timers& timers, Listener& listener) {
    return std::make_unique<ClipUtterance>(std::move(clip), timers, listener);
}

std::unique_ptr<Utterance> fail_soon(Failure failure, Timers& timers, Listener& listener) {
    return std::make_unique<FailingUtterance>(std::move(failure), timers, listener);
}

std::unique_ptr<Utterance> RecordedSource::say(const Request&, Listener& listener) {
    return play_clip(clip_, timers_, listener);
}

}  // namespace speech
