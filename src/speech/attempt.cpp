#include "speech/attempt.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace speech {

namespace {

constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();

Failure only_silence() {
    return {Failure::Kind::unavailable, Attempt::silence};
}

}  // namespace

Attempt::Attempt(const Plan& plan, SpeechSource& source, const Timers& timers, Owner& owner)
    : rung_(plan.rung),
      timers_(timers),
      owner_(owner),
      asked_at_(timers.now()),
      to_skip_(plan.skip_bytes),
      lead_in_bytes_max_(plan.lead_in_bytes_max),
      may_be_silent_(!plan.silence_bytes_max),
      hush_(plan.silence_bytes_max.value_or(everything)),
      heard_at_(asked_at_),
      utterance_(source.say(plan.request, static_cast<Listener&>(*this))) {}

void Attempt::on_audio(audio::Clip clip) {
    bytes_ += clip.size();
    const std::size_t skipped = std::min(to_skip_, clip.size());
    to_skip_ -= skipped;
    if (skipped == clip.size()) return;
    clip = clip.from(skipped);
    if (!hush_.hear(clip.bytes())) return owner_.on_attempt_ended(*this, only_silence());
    hushed_.push_back(std::move(clip));
    const std::size_t lead_in_left = lead_in_bytes_max_ - std::min(lead_in_bytes_max_, new_bytes_);
    std::ignore = pass_on(hush_.voice_heard() ? everything : lead_in_left);
}

void Attempt::on_finished() {
    const bool silent = !hush_.voice_heard() && (new_bytes_ > 0 || !hushed_.empty());
    if (silent && !may_be_silent_) return owner_.on_attempt_ended(*this, only_silence());
    if (pass_on(everything)) owner_.on_attempt_ended(*this, std::nullopt);
}

// False: this is gone.
bool Attempt::pass_on(std::size_t bytes_max) {
    while (!hushed_.empty() && bytes_max > 0) {
        audio::Clip clip = std::move(hushed_.front());
        hushed_.pop_front();
        if (clip.size() > bytes_max) {
            hushed_.push_front(clip.from(bytes_max));
            clip = clip.first(bytes_max);
        }
        bytes_max -= clip.size();
        new_bytes_ += clip.size();
        heard_at_ = timers_.now();
        silent_bytes_ = std::min(hush_.silent_bytes(), new_bytes_);
        const Lifetime::Watch watch(lifetime_);
        owner_.on_attempt_audio(*this, std::move(clip));
        if (watch.ended()) return false;
    }
    return true;
}

}  // namespace speech
