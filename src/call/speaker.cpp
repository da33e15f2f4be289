#include "call/speaker.hpp"

#include <algorithm>

namespace call {

Speaker::Speaker(Options options)
    : options_(options), playout_(options.playout), marks_(options.mark_interval), utterances_(options.utterances) {}

std::optional<UtteranceId> Speaker::say(const Passage& passage, Instant now) {
    if (utterances_.full()) return std::nullopt;
    const UtteranceId id = utterances_.add(passage, now);
    waiting_.push_back({id, passage.rest()});
    if (!synthesising_) start_next();
    return id;
}

std::optional<UtteranceId> Speaker::mark(std::string name, Instant now) {
    if (utterances_.full()) return std::nullopt;
    return utterances_.add_mark(std::move(name), now);
}

void Speaker::clear(Instant now) {
    waiting_.clear();
    abandon_synthesis();
    const auto dry_at = playout_.runs_dry_at().value_or(now);
    const auto buffered = std::chrono::duration_cast<SpeechMarks::Audio>(std::max(dry_at, now) - now);
    const auto played = marks_.all_heard() ? marks_.sent_since_clear() : marks_.sent_since_clear() - buffered;
    utterances_.cancel_rest(played, now);
    in_playout_.clear();
    if (!marks_.all_heard()) {
        marks_.cleared(played);
        clear_owed_ = true;
    }
    playout_.clear(now);
}

void Speaker::stop(Instant now) {
    waiting_.clear();
    abandon_synthesis();
    utterances_.cancel_rest(marks_.heard_since_clear(), now);
}

void Speaker::on_audio(audio::Clip clip, Instant now) {
    if (!synthesising_ || clip.empty()) return;
    const std::size_t bytes = clip.size();
    if (!playout_.push(std::move(clip))) {
        ++overflows_;
        abandon_synthesis();
        fail_utterance(now);
        return;
    }
    utterance_bytes_ += bytes;
    any_audio_ = true;
}

void Speaker::on_sentence_end(std::size_t text_end) {
    if (!synthesising_) return;
    playout_.end_sentence();
    utterances_.sentence_ends(in_playout_.back(), audio::duration_of(utterance_bytes_), text_end);
}

void Speaker::on_finished(Instant now) {
    if (!synthesising_) return;
    if (utterance_bytes_ == 0) return fail_utterance(now);
    end_utterance(now);
}

void Speaker::on_failed(Instant now) {
    if (synthesising_) fail_utterance(now);
}

SpeechMarks::Echo Speaker::on_mark(std::string_view name, Instant now) {
    const auto echo = marks_.echoed(name);
    if (echo == SpeechMarks::Echo::heard) utterances_.heard_up_to(marks_.heard_since_clear(), now);
    return echo;
}

void Speaker::presume_heard(Instant now) {
    utterances_.heard_up_to(marks_.sent_since_clear(), now);
}

// Stopping comes before starting, and clearing before what follows it; a mark belongs right behind the audio it stands
// for.
std::optional<Action> Speaker::next_action(Instant now) {
    if (auto stop = next_stop()) return stop;
    if (std::exchange(clear_owed_, false)) return SendClear{};
    if (starting_) {
        StartSpeech start{std::move(*starting_)};
        starting_.reset();
        return start;
    }
    if (auto name = marks_.due(playout_.utterances_ended() + playout_.sentences_ended()))
        return SendMark{std::move(*name)};
    const auto frames = playout_.next(now);
    if (frames.empty()) return std::nullopt;
    const auto length = audio::duration_of(frames.size());
    marks_.sent(length);
    utterances_.sent(in_playout_.front(), length, marks_.sent_since_clear(), *playout_.runs_dry_at() - length);
    note_what_is_all_sent(now);
    return SendMedia{frames};
}

std::optional<Action> Speaker::next_stop() {
    if (std::exchange(stop_owed_, false)) return StopSpeech{};
    return std::nullopt;
}

bool Speaker::settled(Instant now) const {
    if (!all_sent()) return false;
    if (marks_.all_heard()) return true;
    const auto patience = patience_ends();
    return patience && now >= *patience;
}

std::optional<Instant> Speaker::patience_ends() const {
    if (!all_sent() || marks_.all_heard() || !playout_.runs_dry_at()) return std::nullopt;
    return *playout_.runs_dry_at() + options_.mark_patience;
}

void Speaker::start_next() {
    if (waiting_.empty()) return;
    in_playout_.push_back(waiting_.front().id);
    starting_ = std::move(waiting_.front().request);
    waiting_.pop_front();
    synthesising_ = true;
    utterance_bytes_ = 0;
}

void Speaker::fail_utterance(Instant now) {
    cut_short_ = true;
    utterances_.failed(in_playout_.back(), now);
    end_utterance(now);
}

void Speaker::end_utterance(Instant now) {
    synthesising_ = false;
    playout_.finish();
    note_what_is_all_sent(now);
    start_next();
}

void Speaker::note_what_is_all_sent(Instant now) {
    for (; ended_in_playout_ != playout_.utterances_ended(); ++ended_in_playout_) {
        utterances_.all_sent(in_playout_.front(), now);
        in_playout_.pop_front();
    }
}

// A start that was never handed out needs no stop.
void Speaker::abandon_synthesis() {
    if (synthesising_ && !starting_) stop_owed_ = true;
    starting_.reset();
    synthesising_ = false;
}

}  // namespace call
