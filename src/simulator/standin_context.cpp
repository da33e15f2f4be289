#include "simulator/standin_context.hpp"

#include "audio/mulaw.hpp"
#include "encoding/base64.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace simulator {

namespace {

// Recorded: a clip of 0.97 s came as one frame and a tail; frames may hold more than a second.
constexpr std::size_t frame_bytes_min = 431, frame_bytes_max = 11'000, tiny_bytes_together = 200;
constexpr std::chrono::milliseconds frame_pause{6};
constexpr std::string_view no_alignment = R"("alignment":null,"normalizedAlignment":null)";

boost::json::object spread(std::string_view text, std::chrono::milliseconds length) {
    boost::json::array characters, starts, durations;
    const auto count = static_cast<std::int64_t>(text.size());
    for (std::int64_t i = 0; i < count; ++i) {
        characters.emplace_back(text.substr(static_cast<std::size_t>(i), 1));
        starts.emplace_back(length.count() * i / count);
        durations.emplace_back(length.count() * (i + 1) / count - length.count() * i / count);
    }
    return {{"chars", std::move(characters)},
            {"charStartTimesMs", std::move(starts)},
            {"charDurationsMs", std::move(durations)}};
}

}  // namespace

StandinContext::StandinContext(net::EventLoop& loop, SpeechDesk& desk, Owner& owner, Options options)
    : loop_(loop),
      desk_(desk),
      owner_(owner),
      options_(std::move(options)),
      id_(options_.context_id.value_or("")),
      random_(options_.seed),
      buffer_(options_.auto_mode),
      wake_(loop.timers(), [this] { wake(); }) {}

StandinContext::~StandinContext() {
    *alive_ = false;
    if (current_) desk_.generation_over();
}

void StandinContext::add(std::string_view text, bool now_if_possible) {
    if (closing_) return;
    if (auto piece = buffer_.add(text, now_if_possible)) waiting_.push_back(std::move(*piece));
    begin_next();
}

void StandinContext::close() {
    if (closing_) return;
    if (auto rest = buffer_.flush()) waiting_.push_back(std::move(*rest));
    closing_ = true;
    begin_next();
}

void StandinContext::begin_next() {
    if (current_ || stalled_) return;
    if (waiting_.empty()) {
        if (closing_) send_final();
        return;
    }
    auto admission = desk_.admit(waiting_.front());
    if (!admission) {
        stalled_ = true;
        return owner_.strike(*find_fault("429_new"));
    }
    current_.emplace(Generation{.text = std::move(waiting_.front()),
                                .fault = std::move(admission->fault),
                                .number = admission->number,
                                .first_frame_at = loop_.now() + desk_.first_byte_after(),
                                .speech = {}});
    waiting_.pop_front();
    if (suffers(SocketEffect::slow_start)) current_->first_frame_at += slow_start;
    desk_.speech().make(options_.voice_id, current_->text, speed_, [this, alive = alive_](audio::Clip clip) {
        if (!*alive || !current_) return;
        if (suffers(SocketEffect::silence)) clip = hushed(clip, current_->fault->after_bytes);
        current_->speech = std::move(clip);
        wake_.arm(std::max(current_->first_frame_at, loop_.now()));
    });
}

bool StandinContext::suffers(SocketEffect effect) const {
    return current_ && current_->fault && current_->fault->fault->socket == effect;
}

void StandinContext::wake() {
    if (struck() && strike()) return;
    // Tiny frames leave many at a time: they are to be small, not slow.
    const bool tiny = suffers(SocketEffect::tiny_frames) || suffers(SocketEffect::odd_frames);
    const std::size_t together = tiny && struck() ? tiny_bytes_together : 1;
    const std::size_t begin = current_->sent;
    do send_audio();
    while (current_->sent < current_->speech.size() && current_->sent < begin + together);
    if (current_->sent == current_->speech.size()) return generation_done();
    wake_.arm(loop_.now() + (suffers(SocketEffect::drip) && struck() ? drip_pause : frame_pause));
}

bool StandinContext::struck() const {
    return current_->fault && current_->sent >= current_->fault->after_bytes;
}

bool StandinContext::strike() {
    const Fault& fault = *current_->fault->fault;
    switch (fault.socket) {
        case SocketEffect::refuse:
        case SocketEffect::close:
        case SocketEffect::drop:
        case SocketEffect::reset:
        case SocketEffect::deaf:
        case SocketEffect::bad_frame:
        case SocketEffect::huge_frame:
            stalled_ = true;
            owner_.strike(fault);
            return true;
        case SocketEffect::stall:
            stalled_ = true;
            return true;
        case SocketEffect::empty_audio:
            say("", no_alignment);
            send_final();
            return true;
        case SocketEffect::final_only:
            send_final();
            return true;
        case SocketEffect::bad_audio:
            say("*** no base64 ***", no_alignment);
            generation_done();
            return true;
        case SocketEffect::other_text:
            owner_.send_frame(fault.body);
            generation_done();
            return true;
        default:
            return false;
    }
}

std::size_t StandinContext::next_frame_bytes() {
    std::size_t bytes = std::uniform_int_distribution<std::size_t>(frame_bytes_min, frame_bytes_max)(random_);
    if (struck() && suffers(SocketEffect::drip)) bytes = drip_bytes;
    if (struck() && suffers(SocketEffect::tiny_frames)) bytes = 1;
    if (struck() && suffers(SocketEffect::odd_frames)) bytes = 2 * (current_->frames % 100) + 1;
    if (suffers(SocketEffect::one_frame)) bytes = current_->speech.size();
    bytes = std::min(bytes, current_->speech.size() - current_->sent);
    // A fault strikes exactly where it was asked to.
    return current_->fault && !struck() ? std::min(bytes, current_->fault->after_bytes - current_->sent) : bytes;
}

void StandinContext::send_audio() {
    const std::size_t bytes = next_frame_bytes();
    if (current_->sent == 0) desk_.audio_begins(current_->number);
    const auto part = current_->speech.bytes().subspan(current_->sent, bytes);
    std::string audio;
    if (options_.output_format == "ulaw_8000") {
        audio = encoding::to_base64(part);
    } else {
        const auto samples = audio::pcm_from_mulaw(part);
        audio = encoding::to_base64(std::as_bytes(std::span(samples)));
    }
    const bool aligned = current_->sent == 0 || options_.every_frame_aligned;
    say(audio, aligned ? alignment() : std::string(no_alignment));
    current_->sent += bytes;
    ++current_->frames;
}

void StandinContext::say(std::string_view audio, std::string_view alignment) {
    if (options_.context_id) {
        owner_.send_frame(fmt::format(R"({{"audio":"{}",{},"contextId":{}}})", audio, alignment,
                                      boost::json::serialize(boost::json::string(id_))));
    } else {
        owner_.send_frame(fmt::format(R"({{"audio":"{}","isFinal":null,{}}})", audio, alignment));
    }
}

std::string StandinContext::alignment() const {
    const auto length =
        std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(current_->speech.size()));
    return fmt::format(R"("alignment":{},"normalizedAlignment":{})",
                       boost::json::serialize(spread(current_->text, length)),
                       boost::json::serialize(spread(' ' + current_->text, length)));
}

void StandinContext::generation_done() {
    current_.reset();
    desk_.generation_over();
    begin_next();
}

void StandinContext::send_final() {
    if (std::exchange(final_sent_, true)) return;
    wake_.disarm();
    closing_ = stalled_ = true;
    waiting_.clear();
    if (current_) {
        current_.reset();
        desk_.generation_over();
    }
    if (options_.context_id) {
        owner_.send_frame(
            fmt::format(R"({{"isFinal":true,"contextId":{}}})", boost::json::serialize(boost::json::string(id_))));
    } else {
        owner_.send_frame(R"({"audio":null,"isFinal":true,"alignment":null,"normalizedAlignment":null})");
    }
    owner_.finished(*this);
}

}  // namespace simulator
