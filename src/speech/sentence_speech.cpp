#include "speech/sentence_speech.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace speech {

namespace {

std::chrono::milliseconds ceil_ms(Instant::duration duration) {
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(duration), std::chrono::milliseconds{0});
}

}  // namespace

SentenceSpeech::SentenceSpeech(MessageState& message, Text text, Owner& owner)
    : message_(message), text_(text), owner_(owner) {}

void SentenceSpeech::start() {
    if (const auto rung = message_.memory.next(tried_)) {
        ask(*rung);
    } else {
        end(State::exhausted);
    }
}

SentenceSpeech::Audio SentenceSpeech::take() {
    assert(has_audio());
    opened_ = true;
    Audio audio = std::move(queue_.front());
    queue_.pop_front();
    return audio;
}

void SentenceSpeech::needed_by_changed() {
    if (!utterance_) return;
    utterance_->needed_by(message_.runs_dry_at);
    watch_deadline();
}

void SentenceSpeech::ask(std::size_t rung) {
    rung_ = rung;
    retried_ = false;
    fell_back_ = fell_back_ || rung != 0;
    ask_again();
}

void SentenceSpeech::ask_again() {
    received_ = 0;
    to_skip_ = said_bytes_;
    useful_ = false;
    dry_ = {};
    asked_at_ = message_.timers.now();
    Request request;
    request.text = Secret{std::string(rest())};
    request.voice = message_.memory.voice_of(rung_);
    request.previous_text =
        Secret{std::string(said_from_ == 0 ? text_.previous : text_.sentence.substr(0, said_from_))};
    request.next_text = Secret{std::string(text_.next)};
    utterance_ = message_.rungs[rung_].source->say(request, *this);
    utterance_->needed_by(message_.runs_dry_at);
    watch_deadline();
}

void SentenceSpeech::on_audio(audio::Clip clip) {
    if (clip.empty()) return;
    received_ += clip.size();
    const std::size_t skipped = std::min(to_skip_, clip.size());
    to_skip_ -= skipped;
    if (skipped == clip.size()) return;
    const Instant now = message_.timers.now();
    const bool slow = too_slow(now);
    const bool first = !std::exchange(useful_, true);
    last_useful_at_ = now;
    keep(clip.from(skipped));
    if (audio::duration_of(said_bytes_) > message_.options.sentence_audio_max) {
        return attempt_failed({Failure::Kind::unavailable, "endless audio"}, false);
    }
    if (slow) return attempt_failed({Failure::Kind::unavailable, "slower than real time"}, false);
    if (first) watch_deadline();
    owner_.on_sentence_progress();
}

void SentenceSpeech::keep(audio::Clip clip) {
    said_bytes_ += clip.size();
    queue_.push_back({std::move(clip), rung_});
}

// Adds up the silence the caller heard while waiting for this sentence to go on. With nobody left to turn to, slow is
// better than not.
bool SentenceSpeech::too_slow(Instant now) {
    if (!opened_ || !useful_ || now <= message_.runs_dry_at) return false;
    dry_ += now - message_.runs_dry_at;
    TriedRungs tried = tried_;
    tried.add(rung_);
    return dry_ > message_.options.dry_max && message_.memory.next(tried).has_value();
}

void SentenceSpeech::on_finished() {
    if (const auto failure = fault_of_finished()) return attempt_failed(*failure, true);
    message_.rates.learn(voice_label(rung_), rest(), received_);
    end(State::whole);
    owner_.on_sentence_progress();
}

// A source may end well and yet have said nothing, or only the beginning.
std::optional<Failure> SentenceSpeech::fault_of_finished() const {
    if (received_ == 0 && is_speakable(rest())) return Failure{Failure::Kind::unavailable, "no audio"};
    constexpr std::size_t units_min = 20;  // a few short words may be fast
    const std::size_t units = spoken_units(rest());
    const double most = message_.options.units_per_second_max;
    const double seconds = std::chrono::duration<double>(audio::duration_of(received_)).count();
    if (most > 0 && units >= units_min && is_speakable(rest()) && static_cast<double>(units) > most * seconds) {
        return Failure{Failure::Kind::unavailable, "audio cut short"};
    }
    return std::nullopt;
}

void SentenceSpeech::on_failed(Failure failure) {
    const bool retry = is_transient(failure.kind) && failure.scope == Failure::Scope::attempt;
    attempt_failed(failure, retry);
}

// Ends in a call of the owner, which may destroy this.
void SentenceSpeech::attempt_failed(const Failure& failure, bool retry) {
    utterance_.reset();
    timer_.reset();
    message_.report(rung_, failure);
    if (!opened_) {
        queue_.clear();
        said_from_ = said_bytes_ = 0;
    }
    if (retry && !retried_) {
        retried_ = true;
        std::uniform_int_distribution<std::int64_t> delay(message_.options.retry_delay_min.count(),
                                                          message_.options.retry_delay_max.count());
        timer_ = message_.timers.after(std::chrono::milliseconds{delay(message_.random)}, [this] { ask_again(); });
    } else {
        next_rung(failure.kind);
    }
    owner_.on_sentence_progress();
}

void SentenceSpeech::next_rung(Failure::Kind kind) {
    message_.memory.left(rung_, kind, tried_);
    const auto rung = message_.memory.next(tried_);
    if (!rung) return end(State::exhausted);
    if (opened_ && !message_.memory.sound_alike(rung_, *rung)) move_to_voice_of(*rung);
    if (!is_speakable(rest())) return end(State::whole);
    ask(*rung);
}

void SentenceSpeech::move_to_voice_of(std::size_t rung) {
    assert(rung != rung_);
    const double seconds = std::chrono::duration<double>(audio::duration_of(said_bytes_)).count();
    const double units = seconds * message_.rates.units_per_second(voice_label(rung_));
    said_from_ += message_.words.at_or_before(rest(), offset_after(rest(), units));
    said_bytes_ = 0;
}

void SentenceSpeech::end(State state) {
    state_ = state;
    utterance_.reset();
    timer_.reset();
}

// The longer the caller still has audio, the longer an attempt may take; see LadderOptions.
Instant SentenceSpeech::give_up_at() const {
    const LadderOptions& options = message_.options;
    const Instant spare = message_.runs_dry_at - options.switch_reserve;
    if (useful_) return std::max(last_useful_at_ + options.stall_max, spare);
    const auto patience = message_.rungs[rung_].first_audio_max;
    if (!message_.heard_any) return asked_at_ + patience;
    // Behind a voice of our own there is only the apology: with many calls waiting for it, late speech is better than
    // none.
    const bool last_voice = message_.rungs[rung_].speaks == Rung::Speaks::own_voice;
    const auto resume_max = last_voice ? patience : std::min(options.resume_audio_max, patience);
    return std::max({asked_at_ + resume_max, std::min(asked_at_ + patience, message_.runs_dry_at), spare});
}

// Bytes postpone the deadline without touching the timer, which looks again when it fires.
void SentenceSpeech::watch_deadline() {
    timer_ = message_.timers.after(ceil_ms(give_up_at() - message_.timers.now()), [this] { on_deadline(); });
}

void SentenceSpeech::on_deadline() {
    if (message_.timers.now() < give_up_at()) return watch_deadline();
    attempt_failed({Failure::Kind::unavailable, useful_ ? "stalled" : "first audio timeout"}, false);
}

std::string SentenceSpeech::voice_label(std::size_t rung) const {
    return message_.rungs[rung].account + '/' + message_.memory.voice_of(rung).id;
}

}  // namespace speech
