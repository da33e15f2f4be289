#include "call/playout.hpp"

#include <algorithm>

namespace call {

namespace {

constexpr auto frame_time = audio::duration_of(audio::frame_bytes);

constexpr std::size_t whole_frames(std::size_t bytes) {
    return bytes - bytes % audio::frame_bytes;
}

}  // namespace

Playout::Playout(Options options)
    : lead_(std::max<std::chrono::microseconds>(options.lead, 2 * frame_time)),
      message_bytes_(
          std::max(whole_frames(audio::bytes_in(std::min<std::chrono::microseconds>(options.message, lead_ / 2))),
                   audio::frame_bytes)),
      queue_bytes_max_(options.queue_bytes_max) {}

bool Playout::push(audio::Clip clip) {
    if (clip.empty()) return true;
    // The second bound is on clips: ten minutes in chunks of a byte would cost far more memory than their audio.
    if (clip.size() > queue_bytes_max_ - std::min(queued_bytes_, queue_bytes_max_) ||
        queue_.size() > queue_bytes_max_ / audio::frame_bytes)
        return false;
    queued_bytes_ += clip.size();
    open_bytes_ += clip.size();
    queue_.push_back({.clip = std::move(clip)});
    return true;
}

void Playout::finish() {
    if (const auto partial = open_bytes_ % audio::frame_bytes; partial != 0) {
        audio::Clip padding(std::vector<std::byte>(audio::frame_bytes - partial, audio::mulaw_silence));
        queued_bytes_ += padding.size();
        queue_.push_back({.clip = std::move(padding)});
    }
    open_bytes_ = 0;
    if (queue_.empty()) {
        ++ended_;
        mid_utterance_ = false;
    } else {
        ++queue_.back().ends;
    }
}

void Playout::end_sentence() {
    sentence_ends_.push_back(sent_bytes_ + whole_frames(queued_bytes_));
    pass_sentence_ends();
}

void Playout::pass_sentence_ends() {
    while (!sentence_ends_.empty() && sentence_ends_.front() <= sent_bytes_) {
        sentence_ends_.pop_front();
        ++sentences_ended_;
    }
}

void Playout::clear(Instant) {
    queue_.clear();
    queue_.shrink_to_fit();
    sentence_ends_.clear();
    queued_bytes_ = 0;
    open_bytes_ = 0;
    mid_utterance_ = false;
    dry_at_.reset();
    lent_ = {};
}

std::span<const std::byte> Playout::next(Instant now) {
    const Ready message = ready();
    const auto when = due(message);
    if (!when || now < *when) return {};
    start_plan_if_dry(now);
    *dry_at_ += audio::duration_of(message.bytes);
    sent_bytes_ += message.bytes;
    pass_sentence_ends();
    mid_utterance_ = true;
    return take(message.bytes);
}

std::optional<Instant> Playout::next_due() const {
    return due(ready());
}

// Looks at no more clips than one message needs.
Playout::Ready Playout::ready() const {
    const std::size_t to_sentence_end = sentence_ends_.empty() ? message_bytes_ : sentence_ends_.front() - sent_bytes_;
    const std::size_t most = std::min(message_bytes_, to_sentence_end);
    std::size_t bytes = 0;
    for (const Entry& entry : queue_) {
        bytes += entry.clip.size();
        if (bytes >= most) return {.bytes = most, .complete = true};
        if (entry.ends != 0) return {.bytes = bytes, .complete = true};
    }
    return {.bytes = whole_frames(bytes), .complete = false};
}

std::optional<Instant> Playout::due(Ready ready) const {
    if (ready.bytes == 0) return std::nullopt;
    if (!dry_at_) return Instant{};
    const auto in_hand_at_most = ready.complete ? lead_ - audio::duration_of(ready.bytes) : lead_ / 2;
    return *dry_at_ - in_hand_at_most;
}

// A plan that has run out restarts at `now`: frames due in the past would otherwise leave as one burst over the lead.
void Playout::start_plan_if_dry(Instant now) {
    if (dry_at_ && now <= *dry_at_) return;
    if (dry_at_ && mid_utterance_) {
        ++underruns_;
        silence_ += std::chrono::duration_cast<std::chrono::microseconds>(now - *dry_at_);
    }
    dry_at_ = now;
}

std::span<const std::byte> Playout::take(std::size_t bytes) {
    const audio::Clip& front = queue_.front().clip;
    if (front.size() >= bytes) {
        lent_ = front.first(bytes);
        advance_front(bytes);
        return lent_.bytes();
    }
    gathered_.reserve(message_bytes_);
    gathered_.clear();
    while (gathered_.size() < bytes) {
        const auto part = queue_.front().clip.bytes();
        const auto wanted = part.first(std::min(part.size(), bytes - gathered_.size()));
        gathered_.insert(gathered_.end(), wanted.begin(), wanted.end());
        advance_front(wanted.size());
    }
    return gathered_;
}

void Playout::advance_front(std::size_t bytes) {
    Entry& front = queue_.front();
    queued_bytes_ -= bytes;
    if (bytes < front.clip.size()) {
        front.clip = front.clip.from(bytes);
        return;
    }
    if (front.ends != 0) mid_utterance_ = false;
    ended_ += front.ends;
    queue_.pop_front();
    if (queue_.empty()) queue_.shrink_to_fit();  // a long message came in many pieces
}

}  // namespace call
