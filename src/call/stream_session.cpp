#include "call/stream_session.hpp"

#include <algorithm>
#include <utility>

namespace call {

namespace {

// RFC 6455 7.4.1.
constexpr std::uint16_t normal_closure = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t unsupported_data = 1003;
constexpr std::uint16_t invalid_payload = 1007;
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t internal_error = 1011;

// The decoded size of padded base64.
std::size_t decoded_bytes(std::string_view base64) {
    const auto padding = base64.ends_with("==") ? 2U : base64.ends_with('=') ? 1U : 0U;
    return base64.size() / 4 * 3 - std::min<std::size_t>(padding, base64.size() / 4 * 3);
}

bool is_mulaw_8k(const twilio::Started& started) {
    return started.encoding == "audio/x-mulaw" && started.sample_rate_hz == audio::sample_rate_hz;
}

}  // namespace

StreamSession::StreamSession(Options options, Instant now)
    : options_(options),
      speaker_({.playout = options.playout,
                .mark_interval = options.mark_interval,
                .mark_patience = options.mark_patience,
                .utterances = options.utterances}),
      now_(now),
      opened_at_(now) {}

void StreamSession::on(const twilio::InboundMessage& message, Instant now) {
    if (phase_ == Phase::closed) return;
    advance(now);
    std::visit([this](const auto& event) { on_message(event); }, message);
}

void StreamSession::on_message(const twilio::Connected&) {
    if (phase_ == Phase::awaiting_start && !std::exchange(connected_, true)) return;
    ignore();
}

void StreamSession::on_message(const twilio::Started& started) {
    if (phase_ != Phase::awaiting_start) return ignore();
    if (!is_mulaw_8k(started)) return close(Outcome::protocol_error, unsupported_data);
    phase_ = Phase::authorising;
    started_at_ = now_;
    stream_sid_ = started.stream_sid;
    call_sid_ = started.call_sid;
    account_sid_ = started.account_sid;
    authorise_ = started;
}

void StreamSession::on_message(const twilio::Media& media) {
    if (!ours(media.stream_sid)) return;
    ++counted_.media_in;
    counted_.media_in_bytes += decoded_bytes(media.payload_base64);
    if (options_.caller_audio == CallerAudio::level) ear_.hear(media.payload_base64);
}

void StreamSession::on_message(const twilio::Dtmf& dtmf) {
    if (!ours(dtmf.stream_sid)) return;
    ++counted_.dtmf;
    if (digits_.size() >= options_.digits_kept_max) digits_.erase(0, 1);
    digits_ += dtmf.digit;
    if (digits_unreported_.size() < options_.digits_kept_max) digits_unreported_ += dtmf.digit;
}

void StreamSession::on_message(const twilio::Mark& mark) {
    if (!ours(mark.stream_sid)) return;
    if (speaker_.on_mark(mark.name, now_) == SpeechMarks::Echo::alien) return ignore();
    settle();
}

void StreamSession::on_message(const twilio::Stopped& stopped) {
    if (ours(stopped.stream_sid)) end(Outcome::caller_hung_up);
}

void StreamSession::on_message(const twilio::Unknown&) {
    if (phase_ == Phase::awaiting_start) ignore();
}

void StreamSession::on_unreadable(twilio::ParseError error, Instant now) {
    if (phase_ == Phase::closed) return;
    advance(now);
    if (phase_ == Phase::awaiting_start && error == twilio::ParseError::not_json)
        return close(Outcome::protocol_error, invalid_payload);
    ignore();
}

void StreamSession::on_binary(Instant now) {
    if (phase_ == Phase::closed) return;
    advance(now);
    if (phase_ == Phase::awaiting_start) return close(Outcome::protocol_error, unsupported_data);
    ignore();
}

void StreamSession::on_authorised(CallPlan plan, Instant now) {
    if (phase_ != Phase::authorising) return;
    advance(now);
    phase_ = Phase::open;
    authorised_ = true;
    after_speech_ = plan.after_speech;
    if (plan.call_duration_max) options_.call_duration_max = *plan.call_duration_max;
    if (const Passage message = plan.message(); !message.heard()) message_ = speaker_.say(message, now_);
    for (const Passage& passage : plan.then) {
        if (!passage.heard()) speaker_.say(passage, now_);
    }
    plan_ = std::move(plan);
    plan_.then.clear();  // the utterances know them now
    settle();
}

void StreamSession::on_refused(Instant now) {
    if (phase_ != Phase::authorising) return;
    advance(now);
    close(Outcome::refused, policy_violation);
}

void StreamSession::on_audio(audio::Clip clip, Instant now) {
    advance(now);
    speaker_.on_audio(std::move(clip), now_);
    settle();
}

void StreamSession::on_sentence_end(std::size_t text_end, Instant now) {
    advance(now);
    speaker_.on_sentence_end(text_end);
}

void StreamSession::on_speech_finished(Instant now) {
    advance(now);
    speaker_.on_finished(now_);
    settle();
}

void StreamSession::on_speech_failed(Instant now) {
    advance(now);
    speaker_.on_failed(now_);
    settle();
}

void StreamSession::on_deadline(Instant now) {
    advance(now);
    if (phase_ == Phase::awaiting_start) {
        if (now_ >= opened_at_ + options_.start_timeout) close(Outcome::timed_out, policy_violation);
        return;
    }
    settle();
    if (now_ >= started_at_ + options_.call_duration_max) close(Outcome::timed_out, normal_closure);
}

void StreamSession::on_connection_closed(Instant now) {
    advance(now);
    broken_off_ = phase_ != Phase::closed;
    end(Outcome::connection_lost);
}

void StreamSession::on_shutdown(Instant now) {
    advance(now);
    close(Outcome::shut_down, going_away);
}

std::expected<UtteranceId, StreamSession::Refused> StreamSession::say(speech::Request request, SayMode mode,
                                                                      Instant now) {
    if (phase_ != Phase::open) return std::unexpected(Refused::not_open);
    advance(now);
    if (mode == SayMode::interrupt) speaker_.clear(now_);
    const auto id = speaker_.say({.speech = std::move(request)}, now_);
    if (!id) return std::unexpected(Refused::queue_full);
    message_heard_ = false;
    return *id;
}

std::expected<UtteranceId, StreamSession::Refused> StreamSession::mark(std::string name, Instant now) {
    if (phase_ != Phase::open) return std::unexpected(Refused::not_open);
    advance(now);
    const auto id = speaker_.mark(std::move(name), now_);
    if (!id) return std::unexpected(Refused::queue_full);
    return *id;
}

bool StreamSession::clear(Instant now) {
    if (phase_ != Phase::open) return false;
    advance(now);
    speaker_.clear(now_);
    settle();
    return true;
}

bool StreamSession::hang_up(HangUp when, Instant now) {
    if (phase_ != Phase::open) return false;
    advance(now);
    after_speech_ = AfterSpeech::hang_up;
    told_to_hang_up_ = true;
    settle();
    if (when == HangUp::now || message_heard_) end(Outcome::hung_up);
    return true;
}

std::optional<Action> StreamSession::next_action() {
    if (auto change = speaker_.utterances().next_change()) return ReportUtterance{std::move(*change)};
    if (!digits_unreported_.empty()) {
        const ReportDigit report{digits_unreported_.front()};
        digits_unreported_.erase(0, 1);
        return report;
    }
    if (phase_ == Phase::closed) {
        if (auto stop = speaker_.next_stop()) return stop;
        if (!close_ || std::exchange(close_taken_, true)) return std::nullopt;
        return *close_;
    }
    if (authorise_) {
        Authorise action{std::move(*authorise_)};
        authorise_.reset();
        return action;
    }
    if (phase_ != Phase::open) return std::nullopt;
    auto action = speaker_.next_action(now_);
    if (action && !counted_.start_to_first_media && std::holds_alternative<SendMedia>(*action))
        counted_.start_to_first_media = std::chrono::duration_cast<std::chrono::microseconds>(now_ - started_at_);
    return action;
}

std::optional<Instant> StreamSession::next_deadline() const {
    if (phase_ == Phase::closed) return std::nullopt;
    if (phase_ == Phase::awaiting_start) return opened_at_ + options_.start_timeout;
    Instant deadline = started_at_ + options_.call_duration_max;
    if (const auto due = speaker_.next_due()) deadline = std::min(deadline, *due);
    if (const auto patience = speaker_.patience_ends(); patience && !message_heard_)
        deadline = std::min(deadline, *patience);
    return deadline;
}

std::optional<Outcome> StreamSession::outcome() const {
    if (!close_) return std::nullopt;
    return close_->outcome;
}

bool StreamSession::goes_on() const {
    if (!authorised_ || !close_) return false;
    if (!ends_the_call(close_->outcome)) return true;
    return broken_off_ && close_->outcome == Outcome::completed && after_speech_ == AfterSpeech::stay;
}

bool StreamSession::waits_for_peer() const {
    if (phase_ != Phase::open || options_.caller_audio != CallerAudio::ignore) return true;
    const bool last_mark_ends_it = after_speech_ == AfterSpeech::hang_up && !message_heard_;
    return last_mark_ends_it && speaker_.patience_ends();
}

std::optional<CallerLevel> StreamSession::caller_level() const {
    if (options_.caller_audio == CallerAudio::ignore) return std::nullopt;
    return ear_.level();
}

Totals StreamSession::totals() const {
    Totals totals = counted_;
    const Playout& playout = speaker_.playout();
    totals.underruns = playout.underruns();
    totals.silence = playout.silence();
    totals.overflows = speaker_.overflows();
    totals.sent = playout.sent();
    totals.heard = speaker_.marks().heard();
    return totals;
}

// Whether a message with this stream_sid (empty: left out) concerns our running stream; if not it is counted here.
bool StreamSession::ours(std::string_view stream_sid) {
    const bool ours = phase_ != Phase::awaiting_start && (stream_sid.empty() || stream_sid == stream_sid_);
    if (!ours) ignore();
    return ours;
}

void StreamSession::ignore() {
    ++counted_.ignored;
    const auto tolerated = phase_ == Phase::awaiting_start ? options_.early_messages_max : options_.ignored_max;
    if (counted_.ignored > tolerated) close(Outcome::protocol_error, policy_violation);
}

// Looks whether what just happened was the end of the message.
void StreamSession::settle() {
    if (phase_ != Phase::open || message_heard_ || !speaker_.settled(now_)) return;
    const bool failed = speaker_.cut_short() && !told_to_hang_up_;
    if (failed && speaker_.said_nothing()) return close(Outcome::speech_failed, internal_error);
    message_heard_ = true;
    speaker_.presume_heard(now_);
    if (after_speech_ == AfterSpeech::hang_up) close(heard_outcome(), failed ? internal_error : normal_closure);
}

// The stream has ended from outside.
void StreamSession::end(Outcome unless_heard) {
    close(message_heard_ ? heard_outcome() : unless_heard, normal_closure);
}

// Of a call on which nothing is left to hear.
Outcome StreamSession::heard_outcome() const {
    if (!speaker_.cut_short()) return Outcome::completed;
    return told_to_hang_up_ ? Outcome::hung_up : Outcome::speech_failed;
}

// The first reason stands.
void StreamSession::close(Outcome outcome, std::uint16_t code) {
    if (phase_ == Phase::closed) return;
    rest_ = std::make_unique<const CallPlan>(unheard());
    phase_ = Phase::closed;
    close_ = CloseStream{outcome, code};
    speaker_.stop(now_);
}

CallPlan StreamSession::unheard() const {
    CallPlan rest = plan_;
    rest.after_speech = after_speech_;
    rest.heard_bytes = plan_.speech.text.reveal().size();
    for (auto& [id, passage] : speaker_.utterances().unheard()) {
        if (id == message_) {
            rest.heard_bytes = passage.heard_bytes;
        } else {
            rest.then.push_back(std::move(passage));
        }
    }
    return rest;
}

void StreamSession::advance(Instant now) {
    now_ = std::max(now_, now);
}

}  // namespace call
