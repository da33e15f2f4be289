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
constexpr std::size_t frame_bytes_min = 431, frame_bytes_max = 11'000, tiny_frame_bytes = 37, drip_bytes = 80;
constexpr std::chrono::milliseconds frame_pause{6}, drip_pause{100};
constexpr std::chrono::seconds slow_start{5};

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
                                .first_frame_at = loop_.now() + desk_.first_byte_after(),
                                .speech = {}});
    waiting_.pop_front();
    if (suffers(SocketEffect::slow_start)) current_->first_frame_at += slow_start;
    desk_.speech().make(options_.voice_id, current_->text, speed_, [this, alive = alive_](audio::Clip clip) {
        if (!*alive || !current_) return;
        current_->speech = std::move(clip);
        wake_.arm(std::max(current_->first_frame_at, loop_.now()));
    });
}

bool StandinContext::suffers(SocketEffect effect) const {
    return current_ && current_->fault && current_->fault->fault->socket == effect;
}

void StandinContext::wake() {
    if (current_->fault && current_->sent >= current_->fault->after_bytes && strike()) return;
    send_audio();
    if (current_->sent == current_->speech.size()) return generation_done();
    wake_.arm(loop_.now() + (suffers(SocketEffect::drip) && current_->sent >= current_->fault->after_bytes
                                 ? drip_pause
                                 : frame_pause));
}

bool StandinContext::strike() {
    const Fault& fault = *current_->fault->fault;
    switch (fault.socket) {
        case SocketEffect::refuse:
        case SocketEffect::close:
        case SocketEffect::drop:
        case SocketEffect::refuse_upgrade:  // too late for that: the socket is open
            stalled_ = true;
            owner_.strike(fault);
            return true;
        case SocketEffect::stall:
            stalled_ = true;
            return true;
        case SocketEffect::final_only:
            send_final();
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
    const auto& [text, fault, first_frame_at, speech, sent] = *current_;
    const bool struck = fault && sent >= fault->after_bytes;
    if (struck && suffers(SocketEffect::drip)) bytes = drip_bytes;
    if (struck && suffers(SocketEffect::tiny_frames)) bytes = tiny_frame_bytes;
    if (suffers(SocketEffect::one_frame)) bytes = speech.size();
    bytes = std::min(bytes, speech.size() - sent);
    return fault && sent < fault->after_bytes ? std::min(bytes, fault->after_bytes - sent) : bytes;
}

void StandinContext::send_audio() {
    const std::size_t bytes = next_frame_bytes();
    const auto part = current_->speech.bytes().subspan(current_->sent, bytes);
    const std::string aligned = current_->sent == 0 || options_.every_frame_aligned
                                    ? alignment()
                                    : R"("alignment":null,"normalizedAlignment":null)";
    std::string audio;
    if (options_.output_format == "ulaw_8000") {
        audio = encoding::to_base64(part);
    } else {
        const auto samples = audio::pcm_from_mulaw(part);
        audio = encoding::to_base64(std::as_bytes(std::span(samples)));
    }
    if (options_.context_id) {
        owner_.send_frame(fmt::format(R"({{"audio":"{}",{},"contextId":{}}})", audio, aligned,
                                      boost::json::serialize(boost::json::string(id_))));
    } else {
        owner_.send_frame(fmt::format(R"({{"audio":"{}","isFinal":null,{}}})", audio, aligned));
    }
    current_->sent += bytes;
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
