#include "speech/governor.hpp"

#include "speech/recorded_source.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace speech {

namespace {

// Code points: every byte of UTF-8 but the continuations.
std::uint64_t characters_in(std::string_view text) {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace

// A request that waits for its slot, has it, or has given it back.
class Governor::Governed final : public Utterance, Listener {
public:
    Governed(Governor& governor, SpeechSource& source, const Request& request, Listener& listener)
        : governor_(governor),
          source_(source),
          request_(request),
          listener_(listener),
          needed_by_(governor.timers_.now()) {}

    ~Governed() override {
        if (place_) {
            governor_.waiting_.erase(*place_);
            governor_.slots_.leave(*place_);
        }
        utterance_.reset();
        give_back();
    }

    void start() {
        has_slot_ = true;
        utterance_ = source_.say(request_, *this);
    }
    void queue() {
        place_ = governor_.slots_.wait(needed_by_, governor_.admit_);
        governor_.waiting_.emplace(*place_, this);
    }

    void needed_by(Instant when) override {
        if (std::exchange(needed_by_, when) == when) return;
        if (utterance_) utterance_->needed_by(when);
        if (!place_ || !governor_.slots_.leave(*place_)) return;  // not waiting, or admitted already
        governor_.waiting_.erase(*place_);
        queue();
    }

    // Called by the governor, which has taken it off the queue.
    void admitted() {
        place_.reset();
        start();
        utterance_->needed_by(needed_by_);
    }

private:
    void give_back() {
        if (std::exchange(has_slot_, false)) governor_.slots_.give_back(governor_.timers_.now());
    }

    void on_audio(audio::Clip clip) override {
        if (!std::exchange(audible_, true)) governor_.figures_.characters += characters_in(request_.text.reveal());
        listener_.on_audio(std::move(clip));
    }
    void on_finished() override {
        give_back();
        listener_.on_finished();
    }
    void on_failed(Failure failure) override {
        give_back();
        listener_.on_failed(std::move(failure));
    }

    Governor& governor_;
    SpeechSource& source_;
    Request request_;
    Listener& listener_;
    Instant needed_by_;
    std::optional<Place> place_;
    bool has_slot_ = false, audible_ = false;
    std::unique_ptr<Utterance> utterance_;
};

Governor::Governor(RequestSlots& slots, Timers& timers, Post post, Options options)
    : slots_(slots),
      timers_(timers),
      options_(options),
      admit_([this, post = std::move(post)](Place place) { post([this, place] { admitted(place); }); }) {}

void Governor::admitted(Place place) {
    const auto node = waiting_.extract(place);
    if (!node) return slots_.give_back(timers_.now());  // it has left since
    node.mapped()->admitted();
}

std::unique_ptr<Utterance> GovernedSource::say(const Request& request, Listener& listener) {
    const bool has_slot = governor_.slots_.take(governor_.timers_.now());
    if (!has_slot && governor_.waiting_.size() >= governor_.options_.waiting_max) {
        ++governor_.figures_.refused;
        return fail_soon({Failure::Kind::busy, "queue full", Failure::Scope::source}, governor_.timers_, listener);
    }
    auto governed = std::make_unique<Governor::Governed>(governor_, source_, request, listener);
    if (has_slot) {
        governed->start();
    } else {
        governed->queue();
    }
    return governed;
}

}  // namespace speech
