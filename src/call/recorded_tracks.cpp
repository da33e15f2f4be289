#include "call/recorded_tracks.hpp"

#include <algorithm>
#include <utility>

namespace call {

namespace {

// Twilio's timestamps are whole milliseconds and its frames 20 ms: what is nearer than half a frame is the next one.
constexpr std::uint64_t near_enough = audio::frame_bytes / 2;
// A mark that takes longer to come back tells of a stall, not of the way.
constexpr std::chrono::milliseconds delay_max{2'000};
// What the caller says cannot be from further ahead of us than clocks and the way make it.
constexpr std::chrono::seconds ahead_max{10};

std::uint64_t samples_in(std::chrono::microseconds duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) * audio::sample_rate_hz / 1'000'000;
}

}  // namespace

void RecordedTracks::Track::put(std::uint64_t place, std::span<const std::byte> mulaw) {
    if (place > end()) samples.resize(place - begin, audio::mulaw_silence);
    samples.insert(samples.end(), mulaw.begin(), mulaw.end());
}

void RecordedTracks::Track::cut(std::uint64_t place) {
    if (place < end()) samples.resize(place - std::min(begin, place));
}

std::byte RecordedTracks::Track::at(std::uint64_t place) const {
    return place >= begin && place < end() ? samples[place - begin] : audio::mulaw_silence;
}

void RecordedTracks::Track::drop_before(std::uint64_t place) {
    if (place <= begin) return;
    const auto dropped = std::min<std::uint64_t>(place - begin, samples.size());
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(dropped));
    begin = place;
}

RecordedTracks::RecordedTracks(Options options, Instant stream_start) : options_(options), start_(stream_start) {}

std::uint64_t RecordedTracks::place_of(Instant when) const {
    return samples_in(std::chrono::duration_cast<std::chrono::microseconds>(when - start_));
}

void RecordedTracks::on_caller(std::chrono::milliseconds timestamp, std::span<const std::byte> mulaw, Instant now) {
    if (finished_at_) return;
    const std::uint64_t end = std::max(caller_.end(), handed_on_);
    std::uint64_t place = timestamp.count() > 0 ? samples_in(timestamp) : end;
    if (place + near_enough > end && place < end + near_enough && caller_.end() > 0) place = end;
    if (place < end || place > place_of(now + ahead_max)) {
        misplaced_ += mulaw.size();
        return;
    }
    caller_.put(place, mulaw);
}

void RecordedTracks::on_sent(std::span<const std::byte> mulaw, Instant played_at) {
    if (finished_at_) return;
    const std::uint64_t played = place_of(played_at);
    const std::uint64_t place = played - std::min<std::uint64_t>(played, mulaw.size());
    sent_.put(std::max(place, sent_.end()), mulaw);
}

void RecordedTracks::on_mark_sent(std::string_view name) {
    if (!delay_ && !first_mark_ && !sent_.samples.empty()) first_mark_ = {std::string(name), sent_.end()};
}

void RecordedTracks::on_mark(std::string_view name) {
    if (delay_ || !first_mark_ || first_mark_->name != name) return;
    const std::uint64_t heard = caller_.end();  // the time line, at the peer, when it had played up to the mark
    delay_ = heard > first_mark_->place ? std::min(heard - first_mark_->place, samples_in(delay_max)) : 0;
}

void RecordedTracks::on_clear(Instant now) {
    sent_.cut(place_of(now));
    first_mark_.reset();  // comes back at once, and proves nothing
}

// Without a mark in time, what we send plays at once.
void RecordedTracks::settle_delay(Instant now) {
    if (delay_ || sent_.samples.empty()) return;
    const std::uint64_t awaited = first_mark_ ? first_mark_->place : sent_.end();
    if (place_of(now) >= awaited + samples_in(options_.patience)) delay_ = 0;
}

bool RecordedTracks::is_complete(std::uint64_t end, Instant now) const {
    const std::uint64_t present = place_of(now);
    const bool sent = present >= end && (delay_ || sent_.samples.empty());
    return sent && (caller_.end() >= end || present >= end + samples_in(options_.patience));
}

std::optional<RecordedBlock> RecordedTracks::next(Instant now) {
    const std::uint64_t end = handed_on_ + samples_in(options_.block);
    if (finished_at_) {
        if (handed_on_ >= *finished_at_) return std::nullopt;
        return take(std::min(end, *finished_at_));
    }
    settle_delay(now);
    if (!is_complete(end, now)) return std::nullopt;
    return take(end);
}

RecordedBlock RecordedTracks::take(std::uint64_t end) {
    const std::uint64_t delay = delay_.value_or(0);
    RecordedBlock block{.first_frame = handed_on_, .mulaw_stereo = {}};
    block.mulaw_stereo.reserve((end - handed_on_) * 2);
    for (std::uint64_t place = handed_on_; place < end; ++place) {
        block.mulaw_stereo.push_back(caller_.at(place));
        block.mulaw_stereo.push_back(place >= delay ? sent_.at(place - delay) : audio::mulaw_silence);
    }
    handed_on_ = end;
    caller_.drop_before(end);
    sent_.drop_before(end - std::min(end, delay));
    return block;
}

void RecordedTracks::finish(Instant now) {
    if (finished_at_) return;
    // What plays now left us `delay_` ago; the frame that is being played counts as heard.
    const std::uint64_t present = place_of(now) + audio::frame_bytes;
    sent_.cut(present - std::min(present, delay_.value_or(0)));
    const std::uint64_t said = sent_.samples.empty() ? 0 : sent_.end() + delay_.value_or(0);
    finished_at_ = std::max({caller_.end(), said, handed_on_});
}

}  // namespace call
