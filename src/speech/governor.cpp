#include "speech/governor.hpp"

#include "speech/recorded_source.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

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
          needed_by_(governor.timers_.now()) {
        if (governor.has_slot() && governor.waiting_.empty()) {
            start();
        } else {
            queue();
        }
    }

    ~Governed() override {
        leave_queue();
        utterance_.reset();
        give_back();
    }

    void needed_by(Instant when) override {
        needed_by_ = when;
        if (place_) {
            leave_queue();
            queue();
        } else if (utterance_) {
            utterance_->needed_by(when);
        }
    }

    // Called by the governor, which has taken it off the queue.
    void admitted() {
        place_.reset();
        start();
        utterance_->needed_by(needed_by_);
    }

private:
    void start() {
        has_slot_ = true;
        ++governor_.in_flight_;
        utterance_ = source_.say(request_, *this);
    }
    void queue() {
        place_ = Place{needed_by_, governor_.serial_++};
        governor_.waiting_.emplace(*place_, this);
    }
    void leave_queue() {
        if (place_) governor_.waiting_.erase(*place_);
        place_.reset();
    }
    void give_back() {
        if (std::exchange(has_slot_, false)) governor_.release();
    }

    void on_audio(audio::Clip clip) override {
        if (!std::exchange(audible_, true)) governor_.characters_ += characters_in(request_.text.reveal());
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

std::size_t Governor::limit() const {
    std::size_t whole = options_.requests_max;
    if (seen_max_ != 0) whole = whole == 0 ? seen_max_ : std::min(whole, seen_max_);
    return whole == 0 ? 0 : std::max<std::size_t>(whole / std::max<std::size_t>(options_.loops, 1), 1);
}

void Governor::note_maximum(std::size_t requests_max) {
    if (requests_max == 0 || requests_max == seen_max_) return;
    seen_max_ = requests_max;
    admit_soon();
}

Governor::Figures Governor::figures() const {
    return {.in_flight = in_flight_,
            .waiting = waiting_.size(),
            .limit = limit(),
            .refused = refused_,
            .characters = characters_};
}

void Governor::release() {
    --in_flight_;
    admit_soon();
}

// Not at once: we may stand in the destructor of one request or in the callback of another.
void Governor::admit_soon() {
    if (waiting_.empty() || admission_) return;
    admission_ = timers_.after(std::chrono::milliseconds{0}, [this] {
        admission_.reset();
        admit();
    });
}

void Governor::admit() {
    while (!waiting_.empty() && has_slot()) {
        Governed* first = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        first->admitted();
    }
}

std::unique_ptr<Utterance> GovernedSource::say(const Request& request, Listener& listener) {
    if (!governor_.has_slot() && governor_.waiting_.size() >= governor_.options_.waiting_max) {
        ++governor_.refused_;
        return fail_soon({Failure::Kind::busy, "queue full", Failure::Scope::source}, governor_.timers_, listener);
    }
    return std::make_unique<Governor::Governed>(governor_, source_, request, listener);
}

}  // namespace speech
