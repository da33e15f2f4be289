#include "call/speaker.hpp"

#include <algorithm>

namespace call {

Speaker::Speaker(Options options) : options_(options), playout_(options.playout), marks_(options.mark_interval) {}

bool Speaker::say(speech::Request request) {
    if (waiting_.size() >= options_.waiting_max) return false;
    waiting_.push_back(std::move(request));
    if (!synthesising_) start_next();
    return true;
}

void Speaker::clear(Instant now) {
    waiting_.clear();
    abandon_synthesis();
    if (!marks_.all_heard()) {
        const auto dry_at = playout_.runs_dry_at().value_or(now);
        const auto buffered = std::chrono::duration_cast<SpeechMarks::Audio>(std::max(dry_at, now) - now);
        marks_.cleared(marks_.sent_since_clear() - buffered);
        clear_owed_ = true;
    }
    playout_.clear(now);
}

void Speaker::stop() {
    waiting_.clear();
    abandon_synthesis();
}

void Speaker::on_audio(audio::Clip clip) {
    if (!synthesising_ || clip.empty()) return;
    if (!playout_.push(std::move(clip))) {
        ++overflows_;
        cut_short_ = true;
        abandon_synthesis();
        end_utterance();
        return;
    }
    utterance_has_audio_ = true;
    any_audio_ = true;
}

void Speaker::on_finished() {
    if (!synthesising_) return;
    if (!utterance_has_audio_) cut_short_ = true;
    end_utterance();
}

void Speaker::on_failed() {
    if (!synthesising_) return;
    cut_short_ = true;
    end_utterance();
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
    if (auto name = marks_.due(playout_.utterances_ended())) return SendMark{std::move(*name)};
    const auto frames = playout_.next(now);
    if (frames.empty()) return std::nullopt;
    marks_.sent(audio::duration_of(frames.size()));
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
    starting_ = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    synthesising_ = true;
    utterance_has_audio_ = false;
}

void Speaker::end_utterance() {
    synthesising_ = false;
    playout_.finish();
    start_next();
}

// A start that was never handed out needs no stop.
void Speaker::abandon_synthesis() {
    if (synthesising_ && !starting_) stop_owed_ = true;
    starting_.reset();
    synthesising_ = false;
}

}  // namespace call
