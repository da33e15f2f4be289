#include "simulator/ear.hpp"

#include "audio/loudness.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace simulator {

namespace {

// -50 dBFS, as audio::silence_dbfs: below it a telephone line counts as quiet.
constexpr int sound_threshold = 103;

std::array<bool, 256> sounding_codes() {
    std::array<bool, 256> sounding{};
    for (std::size_t i = 0; i < sounding.size(); ++i) {
        sounding[i] = std::abs(int{audio::pcm_from_mulaw(static_cast<std::byte>(i))}) > sound_threshold;
    }
    return sounding;
}

bool sounds(std::byte mulaw) {
    static const std::array<bool, 256> sounding = sounding_codes();
    return sounding[std::to_integer<std::size_t>(mulaw)];
}

std::size_t bytes_in(std::chrono::nanoseconds duration) {
    return audio::bytes_in(std::chrono::duration_cast<std::chrono::microseconds>(duration));
}

}  // namespace

bool Ear::hear(std::span<const std::byte> mulaw, Instant now) {
    ++messages_;
    if (mulaw.size() % audio::frame_bytes != 0) ++ragged_messages_;
    const std::size_t room = bytes_in(options_.buffered_max - buffered(now));
    const auto queued = mulaw.first(std::min(room, mulaw.size()));
    if (!queued.empty()) enqueue(queued, now);
    bytes_received_ += mulaw.size();
    bytes_discarded_ += mulaw.size() - queued.size();
    return queued.size() == mulaw.size();
}

void Ear::enqueue(std::span<const std::byte> mulaw, Instant now) {
    if (!first_audio_) {
        first_audio_ = now;
        dry_at_ = now;
    } else if (now > dry_at_) {
        note_starvation(now);
    }
    message_over_ = mark_at_the_end_ = false;
    dry_at_ += audio::duration_of(mulaw.size());
    buffered_most_ = std::max(buffered_most_, buffered(now));
    if (!sound_) sound_ = std::ranges::any_of(mulaw, sounds);
    if (options_.keep_audio) recording_.insert(recording_.end(), mulaw.begin(), mulaw.end());
}

// Audio comes although all before it has been played already.
void Ear::note_starvation(Instant now) {
    const auto length = now - dry_at_;
    const bool another_message =
        message_over_ || (options_.message_pause && mark_at_the_end_ && length >= *options_.message_pause);
    if (!another_message && length > options_.gap_tolerance) gaps_.push_back({heard(), length});
    dry_at_ = now;
    if (!options_.keep_audio) return;
    // Filled up to the place on the time line, so that roundings do not add up over many gaps.
    const std::size_t place = bytes_in(now - *first_audio_);
    if (recording_.size() < place) recording_.resize(place, audio::mulaw_silence);
}

void Ear::mark(std::string_view name, Instant now) {
    // The queue drains in real time, so the moment the mark is reached is known at once.
    marks_.push_back({std::string(name), std::max(now, dry_at_), false});
    mark_at_the_end_ = true;
}

void Ear::clear(Instant now) {
    ++clears_;
    for (PendingMark& pending : marks_) {
        if (pending.due <= now) continue;  // reached, only not sent back yet
        pending.due = now;
        pending.cleared = true;
    }
    drop_unplayed(now);
    message_over_ = true;
}

void Ear::drop_unplayed(Instant now) {
    if (!first_audio_ || dry(now)) return;
    const std::size_t unplayed = bytes_in(dry_at_ - now);
    bytes_cleared_ += unplayed;
    dry_at_ = now;
    if (options_.keep_audio) recording_.resize(recording_.size() - std::min(unplayed, recording_.size()));
}

std::vector<Ear::Echo> Ear::take_echoes(Instant now) {
    std::vector<Echo> echoes;
    while (!marks_.empty() && marks_.front().due <= now) {
        PendingMark& reached = marks_.front();
        if (!reached.cleared) ++marks_reached_;
        echoes.push_back({std::move(reached.name), reached.cleared});
        marks_.pop_front();
    }
    return echoes;
}

std::optional<Instant> Ear::next_echo() const {
    if (marks_.empty()) return std::nullopt;
    return marks_.front().due;
}

void Ear::hang_up(Instant now) {
    drop_unplayed(now);
    marks_.clear();
}

std::chrono::microseconds Ear::heard() const {
    return audio::duration_of(bytes_received_ - bytes_discarded_ - bytes_cleared_);
}

std::chrono::nanoseconds Ear::longest_gap() const {
    const auto longest = std::ranges::max_element(gaps_, {}, &Gap::length);
    return longest == gaps_.end() ? std::chrono::nanoseconds{0} : longest->length;
}

std::chrono::microseconds longest_silence(std::span<const std::byte> mulaw) {
    std::size_t longest = 0;
    for (const audio::Stretch& silent : audio::silent_stretches(mulaw, std::chrono::milliseconds(20))) {
        const bool inside = silent.offset > 0 && silent.offset + silent.size < mulaw.size();
        if (inside) longest = std::max(longest, silent.size);
    }
    return audio::duration_of(longest);
}

}  // namespace simulator
