#include "speech/spoken_message.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <tuple>

namespace speech {

using std::chrono::milliseconds;

SpokenMessage::SpokenMessage(MessageState state, const Request& request, SentenceCutter& cutter, SpeechSource* apology,
                             Listener& listener)
    : state_(std::move(state)),
      text_(request.text.reveal()),
      sentences_(cutter.cut(text_)),
      apology_source_(apology),
      observer_(request.observer),
      listener_(listener),
      began_at_(state_.timers.now()) {
    state_.report = [this](std::size_t rung, const Failure& failure) { report(rung, failure); };
    limit_ = state_.timers.after(state_.options.message_time_max,
                                 [this] { fail({Failure::Kind::cancelled_by_limit, "message takes too long"}); });
    ask_for_sentences();
    sleep();
}

void SpokenMessage::needed_by(Instant when) {
    state_.runs_dry_at = when;
    if (ended_) return;
    if (current_) current_->needed_by_changed();
    if (following_) following_->needed_by_changed();
    if (!pumping_) sleep();  // pump() ends with it anyway
}

// Hands over what may be handed over, asks for what may be asked for, and sleeps until either changes. May destroy
// this.
void SpokenMessage::pump() {
    if (ended_ || pumping_ || apology_) return;
    pumping_ = true;
    bool left = false;
    do {
        if (!hand_over_current()) return;
        if (current_ && current_->state() == SentenceSpeech::State::exhausted) return apologise();
        left = current_ && current_->state() == SentenceSpeech::State::whole;
        if (left && !leave_current()) return;
    } while ((left && current_) || ask_for_sentences());
    pumping_ = false;
    if (!current_ && next_ == sentences_.size()) return finish(true);
    sleep();
}

// All of the sentence is with the listener: the next one takes its place. False: this is gone.
bool SpokenMessage::leave_current() {
    const std::size_t next = next_ - (following_ ? 1 : 0);
    ++totals_.sentences;
    totals_.sentences_by_fallback += current_->fell_back() ? 1 : 0;
    current_ = std::move(following_);
    if (next == sentences_.size()) return true;
    const Lifetime::Watch watch(lifetime_);
    listener_.on_sentence_end(static_cast<std::size_t>(sentences_[next].data() - text_.data()));
    return !watch.ended();
}

// Makes sure that one sentence is under way, and a second once the first has begun to arrive. True: look again at what
// to hand over.
bool SpokenMessage::ask_for_sentences() {
    if (next_ == sentences_.size() || !may_ask_ahead()) return false;
    if (!current_) {
        current_ = next_sentence();
        return current_->state() != SentenceSpeech::State::speaking;
    }
    const bool begun =
        current_->has_audio() || current_->opened() || current_->state() != SentenceSpeech::State::speaking;
    if (!following_ && begun) following_ = next_sentence();
    return false;
}

bool SpokenMessage::may_ask_ahead() const {
    return !state_.heard_any || state_.runs_dry_at - state_.timers.now() < state_.options.read_ahead_max;
}

std::unique_ptr<SentenceSpeech> SpokenMessage::next_sentence() {
    const std::size_t at = next_++;
    const SentenceSpeech::Text text{.sentence = sentences_[at],
                                    .previous = at > 0 ? sentences_[at - 1] : std::string_view(),
                                    .next = next_ < sentences_.size() ? sentences_[next_] : std::string_view()};
    auto sentence = std::make_unique<SentenceSpeech>(state_, text, static_cast<SentenceSpeech::Owner&>(*this));
    sentence->start();
    return sentence;
}

// Held-back audio goes out a little before it is needed; before the first word it is always needed.
bool SpokenMessage::due() const {
    return state_.timers.now() >= state_.runs_dry_at - state_.options.hold_margin;
}

// False: this is gone, or the message has ended.
bool SpokenMessage::hand_over_current() {
    if (!current_ || !current_->has_audio()) return true;
    if (current_->state() == SentenceSpeech::State::speaking && !current_->opened() && !due()) return true;
    while (current_->has_audio()) {
        SentenceSpeech::Audio audio = current_->take();
        heard_from(audio.rung);
        if (!hand_over(std::move(audio.clip))) return false;
    }
    // Others may be needed sooner now.
    if (following_ && !following_->has_audio()) following_->needed_by_changed();
    return true;
}

bool SpokenMessage::hand_over(audio::Clip clip) {
    const std::size_t bytes_max = audio::bytes_in(state_.options.message_audio_max);
    const bool too_long = clip.size() > bytes_max - bytes_;
    if (too_long) clip = clip.first(bytes_max - bytes_);
    bytes_ += clip.size();
    const auto length = audio::duration_of(clip.size());
    if (state_.heard_any) state_.silence += std::max(state_.timers.now() - state_.runs_dry_at, Instant::duration{0});
    state_.silence = std::max<Instant::duration>(state_.silence - length, Instant::duration{0});
    state_.heard_any = true;
    state_.runs_dry_at = std::max(state_.runs_dry_at, state_.timers.now()) + length;
    const Lifetime::Watch watch(lifetime_);
    if (!clip.empty()) listener_.on_audio(std::move(clip));
    if (watch.ended()) return false;
    if (too_long) fail({Failure::Kind::cancelled_by_limit, "message too long"});
    return !too_long;
}

void SpokenMessage::heard_from(std::size_t rung) {
    const bool first = !state_.heard_any;
    if (observer_ != nullptr && rung != heard_rung_) observer_->on_fell_back(state_.rungs[rung].name);
    heard_rung_ = rung;
    if (observer_ == nullptr || !first) return;
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(state_.timers.now() - began_at_);
    observer_->on_first_audio(state_.rungs[rung].name, since);
}

void SpokenMessage::apologise() {
    pumping_ = false;
    following_.reset();
    current_.reset();
    wake_.reset();
    if (apology_source_ == nullptr) return fail(last_failure_);
    if (observer_ != nullptr) observer_->on_fell_back("apology");
    apology_.emplace(*this);
    apology_->utterance = apology_source_->say(Request{}, *apology_);
}

void SpokenMessage::Apology::on_audio(audio::Clip clip) {
    heard = heard || !clip.empty();
    std::ignore = message.hand_over(std::move(clip));  // false: this is gone, and there is nothing left to do here
}

void SpokenMessage::Apology::on_finished() {
    if (heard) return message.finish(false);
    message.fail(message.last_failure_);
}

void SpokenMessage::Apology::on_failed(Failure) {
    message.fail(message.last_failure_);
}

void SpokenMessage::finish(bool complete) {
    end(complete);
    listener_.on_finished();
}

void SpokenMessage::fail(Failure failure) {
    end(false);
    listener_.on_failed(std::move(failure));
}

// No source is left running when the listener hears of the end.
void SpokenMessage::end(bool complete) {
    ended_ = true;
    following_.reset();
    current_.reset();
    if (apology_) apology_->utterance.reset();
    wake_.reset();
    limit_.reset();
    totals_.complete = complete;
    totals_.audio = audio::duration_of(bytes_);
    if (observer_ != nullptr) observer_->on_spoken(totals_);
}

// Until held-back audio is due, or the caller has heard enough to ask for more. What arrives wakes us without a timer.
void SpokenMessage::sleep() {
    wake_.reset();
    if (ended_ || apology_) return;
    std::optional<Instant> wake_at;
    const bool nothing_to_wait_for = !current_ || current_->state() == SentenceSpeech::State::exhausted;
    if (nothing_to_wait_for) wake_at = state_.timers.now();
    if (current_ && current_->has_audio()) wake_at = state_.runs_dry_at - state_.options.hold_margin;
    if (next_ < sentences_.size() && !following_ && !may_ask_ahead()) {
        const Instant hungry_at = state_.runs_dry_at - state_.options.read_ahead_max + milliseconds{1};
        wake_at = wake_at && current_ ? std::min(*wake_at, hungry_at) : hungry_at;
    }
    if (!wake_at) return;
    const auto delay = std::chrono::ceil<milliseconds>(*wake_at - state_.timers.now());
    wake_ = state_.timers.after(std::max(delay, milliseconds{0}), [this] { pump(); });
}

void SpokenMessage::report(std::size_t rung, const Failure& failure) {
    last_failure_ = failure;
    const std::pair entry(rung, failure.reason);
    if (observer_ == nullptr || std::ranges::find(reported_, entry) != reported_.end()) return;
    reported_.push_back(entry);
    observer_->on_rung_failed(state_.rungs[rung].name, failure);
}

}  // namespace speech
