#include "gateway/meeting_point.hpp"

#include <functional>
#include <utility>

namespace gateway {

namespace {

// One request made on another loop: the near end stays here, the far end there. Each end is touched by its own loop
// only, and what crosses is posted; both keep the meeting alive until neither has anything to post.
class Meeting final : public std::enable_shared_from_this<Meeting>, private speech::Listener {
public:
    Meeting(net::EventLoop& near, const MeetingPoint::Place& place, speech::Listener& listener)
        : near_(near), far_(*place.loop), source_(*place.source), listener_(&listener) {}

    // On the near loop.
    void begin(speech::Request request) {
        request.observer = nullptr;  // it belongs to this loop
        far_.post([self = shared_from_this(), request = std::move(request)] {
            self->utterance_ = self->source_.say(request, *self);
        });
    }
    void end() {
        listener_ = nullptr;
        far_.post([self = shared_from_this()] { self->utterance_.reset(); });
    }
    void needed_by(speech::Instant when) {
        if (when == told_) return;
        told_ = when;
        far_.post([self = shared_from_this(), when] {
            if (self->utterance_) self->utterance_->needed_by(when);
        });
    }

private:
    // On the far loop.
    void on_audio(audio::Clip clip) override {
        near_.post([self = shared_from_this(), clip = std::move(clip)] {
            if (self->listener_ != nullptr) self->listener_->on_audio(clip);
        });
    }
    void on_finished() override {
        near_.post([self = shared_from_this()] {
            if (auto* listener = std::exchange(self->listener_, nullptr)) listener->on_finished();
        });
    }
    void on_failed(speech::Failure failure) override {
        near_.post([self = shared_from_this(), failure = std::move(failure)] {
            if (auto* listener = std::exchange(self->listener_, nullptr)) listener->on_failed(failure);
        });
    }

    net::EventLoop& near_;
    net::EventLoop& far_;
    speech::SpeechSource& source_;
    speech::Listener* listener_;                    // near
    speech::Instant told_{};                        // near
    std::unique_ptr<speech::Utterance> utterance_;  // far
};

class Traveller final : public speech::Utterance {
public:
    explicit Traveller(std::shared_ptr<Meeting> meeting) : meeting_(std::move(meeting)) {}
    ~Traveller() override { meeting_->end(); }
    void needed_by(speech::Instant when) override { meeting_->needed_by(when); }

private:
    std::shared_ptr<Meeting> meeting_;
};

}  // namespace

std::size_t MeetingPoint::home_of(const speech::ClipKey& key) const {
    return std::hash<std::string>{}(key.canonical().reveal()) % places_.size();
}

std::unique_ptr<speech::Utterance> MeetingPoint::say(const speech::Request& request, speech::Listener& listener) {
    if (places_.empty()) places_ = ask_for_places_();
    const speech::ClipKey key{.provider = provider_, .text = request.text, .voice = request.voice};
    const std::size_t home = home_of(key);
    if (home == self_ || memory_.has(key)) return own_.say(request, listener);
    auto meeting = std::make_shared<Meeting>(*places_[self_].loop, places_[home], listener);
    meeting->begin(request);
    return std::make_unique<Traveller>(std::move(meeting));
}

}  // namespace gateway
