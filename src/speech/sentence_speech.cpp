#include "speech/sentence_speech.hpp"

#include "audio/mulaw.hpp"
#include "speech/audio_check.hpp"

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
    if (!std::exchange(opened_, true)) restart_standby();
    Audio audio = std::move(queue_.front());
    queue_.pop_front();
    return audio;
}

void SentenceSpeech::needed_by_changed() {
    if (standby_) standby_->attempt->needed_by(message_.runs_dry_at);
    if (!speaker_) return;
    speaker_->needed_by(message_.runs_dry_at);
    watch_deadline();
}

void SentenceSpeech::ask(std::size_t rung) {
    rung_ = rung;
    rung_asked_at_ = message_.timers.now();
    retried_ = false;
    fell_back_ = fell_back_ || rung != 0;
    ask_again();
}

void SentenceSpeech::ask_again() {
    dry_ = {};
    stood_by_ = standby_.has_value();
    speaker_ = attempt_at(rung_);
    watch_deadline();
}

std::unique_ptr<Attempt> SentenceSpeech::attempt_at(std::size_t rung) {
    const Start start = start_for(rung);
    const std::string_view said = text_.sentence.substr(0, start.text_at), rest = text_.sentence.substr(start.text_at);
    Attempt::Plan plan{
        .rung = rung, .request = {}, .skip_bytes = start.skip_bytes, .silence_bytes_max = {}, .lead_in_bytes_max = 0};
    plan.request.text = Secret{std::string(rest)};
    plan.request.voice = message_.memory.voice_of(rung);
    plan.request.previous_text = Secret{std::string(said.empty() ? text_.previous : said)};
    plan.request.next_text = Secret{std::string(text_.next)};
    // Of the last voice anything is better than the apology.
    if (!message_.memory.is_last(rung)) plan.silence_bytes_max = silence_bytes_max(rest, message_.options.pause_max);
    // Every voice draws breath before its first word. Who waits for it need not wait for the breath to end; who was cut
    // off has had enough of silence.
    if (!message_.heard_any) plan.lead_in_bytes_max = audio::bytes_in(message_.options.lead_in_max);
    auto attempt = std::make_unique<Attempt>(plan, *message_.rungs[rung].source, message_.timers,
                                             static_cast<Attempt::Owner&>(*this));
    attempt->needed_by(message_.runs_dry_at);
    return attempt;
}

// The same voice goes on at the byte, another at the word; while nobody has heard any of it, at the beginning.
SentenceSpeech::Start SentenceSpeech::start_for(std::size_t rung) const {
    if (!opened_) return {0, 0};
    if (message_.memory.sound_alike(rung_, rung)) return {said_from_, said_bytes_};
    const double seconds = std::chrono::duration<double>(audio::duration_of(said_bytes_)).count();
    const double units = seconds * message_.rates.units_per_second(voice_label(rung_));
    return {said_from_ + message_.words.at_or_before(rest(), offset_after(rest(), units)), 0};
}

void SentenceSpeech::go_on_at(Start start) {
    said_from_ = start.text_at;
    said_bytes_ = start.skip_bytes;
}

void SentenceSpeech::on_attempt_audio(Attempt& attempt, audio::Clip clip) {
    if (&attempt != speaker_.get()) return on_standby_audio(std::move(clip));
    const bool first = attempt.new_bytes() == clip.size();
    const bool slow = !first && too_slow();
    const bool watch = first || stood_by_;  // otherwise the timer that runs looks again when it fires
    standby_.reset();
    stood_by_ = false;
    keep(std::move(clip));
    if (audio::duration_of(said_bytes_) > message_.options.sentence_audio_max) {
        return attempt_failed("endless audio");
    }
    if (slow) return attempt_failed("slower than real time");
    if (watch) watch_deadline();
    owner_.on_sentence_progress();
}

void SentenceSpeech::keep(audio::Clip clip) {
    said_bytes_ += clip.size();
    queue_.push_back({std::move(clip), rung_});
}

// Adds up the silence the caller heard while waiting for this sentence to go on. With nobody left to turn to, slow is
// better than not.
bool SentenceSpeech::too_slow() {
    const Instant now = message_.timers.now();
    if (!opened_ || now <= message_.runs_dry_at) return false;
    dry_ += now - message_.runs_dry_at;
    TriedRungs tried = tried_;
    tried.add(rung_);
    return dry_ > message_.options.dry_max && message_.memory.next(tried).has_value();
}

void SentenceSpeech::on_attempt_ended(Attempt& attempt, std::optional<Failure> failure) {
    if (&attempt != speaker_.get()) {
        if (failure || attempt.new_bytes() == 0) return on_standby_failed(failure.value_or(no_audio()));
        standby_->finished = true;
        return;
    }
    if (failure) {
        const bool retry = is_transient(failure->kind) && failure->scope == Failure::Scope::attempt;
        if (failure->reason == Attempt::silence) take_back(attempt.silent_bytes());
        leave_attempt(*failure, retry);
    } else {
        judge_finished();
    }
    owner_.on_sentence_progress();
}

// Nothing was said in the silence at its end.
void SentenceSpeech::take_back(std::size_t bytes) {
    said_bytes_ -= std::min(said_bytes_, bytes);
    standby_.reset();
}

void SentenceSpeech::judge_finished() {
    const auto fault = fault_of_whole(rest(), speaker_->bytes(), message_.options.units_per_second_max);
    if (fault) return leave_attempt(*fault, true);
    message_.rates.learn(voice_label(rung_), rest(), speaker_->bytes());
    end(State::whole);
}

// Ends in a call of the owner, which may destroy this.
void SentenceSpeech::attempt_failed(const char* reason) {
    leave_attempt({Failure::Kind::unavailable, reason}, false);
    owner_.on_sentence_progress();
}

void SentenceSpeech::leave_attempt(const Failure& failure, bool retry) {
    speaker_.reset();
    timer_.reset();
    message_.report(rung_, failure);
    if (!opened_) {
        queue_.clear();
        said_from_ = said_bytes_ = 0;
    }
    if (retry && !retried_) {
        retry_soon();
    } else {
        next_rung(failure.kind);
    }
}

void SentenceSpeech::retry_soon() {
    retried_ = true;
    std::uniform_int_distribution<std::int64_t> delay(message_.options.retry_delay_min.count(),
                                                      message_.options.retry_delay_max.count());
    timer_ = message_.timers.after(std::chrono::milliseconds{delay(message_.random)}, [this] { ask_again(); });
}

void SentenceSpeech::next_rung(Failure::Kind kind) {
    message_.memory.left(rung_, kind, tried_);
    const auto rung = message_.memory.next(tried_);
    if (rung && standby_ && standby_->attempt->rung() == *rung) return take_over();
    standby_.reset();
    if (!rung) return end(State::exhausted);
    go_on_at(start_for(*rung));
    if (!is_speakable(rest())) return end(State::whole);
    ask(*rung);
}

void SentenceSpeech::end(State state) {
    state_ = state;
    speaker_.reset();
    standby_.reset();
    timer_.reset();
}

// The longer the caller still has audio, the longer an attempt may take; see LadderOptions.
Instant SentenceSpeech::give_up_at() const {
    const LadderOptions& options = message_.options;
    const Instant spare = message_.runs_dry_at - options.switch_reserve;
    // Behind the last voice there is only the apology: with many calls waiting for it, late speech is better than none.
    const auto patience = message_.rungs[rung_].first_audio_max;
    const bool last = message_.memory.is_last(rung_);
    const auto resume_max = last ? patience : std::min(options.resume_audio_max, patience);
    const auto stall_max = last ? std::max(options.stall_max, patience) : options.stall_max;
    if (speaker_->new_bytes() > 0) return std::max(speaker_->heard_at() + stall_max, spare);
    // A retry has what its first attempt has left of the time.
    if (!message_.heard_any) return std::max(rung_asked_at_ + patience, speaker_->asked_at() + resume_max);
    const Instant asked_at = speaker_->asked_at();
    const auto dry = std::max(asked_at - message_.runs_dry_at, Instant::duration{0});
    const auto bearable = std::clamp<Instant::duration>(options.silence_budget - message_.silence - dry,
                                                        std::min(options.resume_audio_min, resume_max), resume_max);
    return std::max(
        {asked_at + (last ? patience : bearable), std::min(asked_at + patience, message_.runs_dry_at), spare});
}

// Not while the caller has plenty to hear: a standby costs a request, and there is time to ask when the speaker has
// failed.
Instant SentenceSpeech::stand_by_at() const {
    const Instant give_up = give_up_at(), half = speaker_->heard_at() + (give_up - speaker_->heard_at()) / 2;
    return std::clamp(message_.runs_dry_at - message_.options.switch_reserve, half, give_up);
}

void SentenceSpeech::watch_deadline() {
    const Instant next = stood_by_ ? give_up_at() : stand_by_at();
    timer_ = message_.timers.after(ceil_ms(next - message_.timers.now()), [this] { on_deadline(); });
}

void SentenceSpeech::on_deadline() {
    const Instant now = message_.timers.now();
    if (now >= give_up_at()) {
        return attempt_failed(speaker_->new_bytes() > 0 ? "stalled" : "first audio timeout");
    }
    if (!stood_by_ && now >= stand_by_at()) stand_by();
    watch_deadline();
}

void SentenceSpeech::stand_by() {
    stood_by_ = true;
    const auto rung = message_.memory.next_elsewhere(tried_, rung_);
    if (!rung || !is_speakable(text_.sentence.substr(start_for(*rung).text_at))) return;
    standby_.emplace(attempt_at(*rung));
}

void SentenceSpeech::restart_standby() {
    if (!standby_) return;
    standby_.reset();
    stand_by();
}

void SentenceSpeech::on_standby_audio(audio::Clip clip) {
    standby_->audio.push_back(std::move(clip));
    if (!message_.memory.sound_alike(rung_, standby_->attempt->rung())) return;
    message_.report(rung_, {Failure::Kind::unavailable, "overtaken"});
    message_.memory.left(rung_, Failure::Kind::unavailable, tried_);
    take_over();
    owner_.on_sentence_progress();
}

void SentenceSpeech::on_standby_failed(const Failure& failure) {
    const std::size_t rung = standby_->attempt->rung();
    standby_.reset();
    message_.report(rung, failure);
    message_.memory.left(rung, failure.kind, tried_);
    stand_by();
}

// The standby becomes the speaker.
void SentenceSpeech::take_over() {
    Standby standby = *std::exchange(standby_, std::nullopt);
    const std::size_t rung = standby.attempt->rung();
    if (!opened_) queue_.clear();
    go_on_at(start_for(rung));
    rung_ = rung;
    rung_asked_at_ = standby.attempt->asked_at();
    retried_ = stood_by_ = false;
    fell_back_ = true;
    dry_ = {};
    speaker_ = std::move(standby.attempt);
    for (audio::Clip& clip : standby.audio) keep(std::move(clip));
    if (!standby.finished) return watch_deadline();
    judge_finished();
}

std::string SentenceSpeech::voice_label(std::size_t rung) const {
    const Rung& asked = message_.rungs[rung];
    return (asked.account.empty() ? asked.name : asked.account) + '/' + message_.memory.voice_of(rung).id;
}

}  // namespace speech
