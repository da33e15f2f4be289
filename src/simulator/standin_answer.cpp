#include "simulator/standin_answer.hpp"

#include "audio/mulaw.hpp"
#include "encoding/base64.hpp"
#include "simulator/standin_speech.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace simulator {

namespace {

// Recorded: 26 reads of 279 to 8186 bytes for 2.9 s of 24 kHz PCM within 120 ms. For mu-law a sixth of the bytes.
constexpr std::size_t chunk_bytes_min = 131, chunk_bytes_max = 2'200;
constexpr std::chrono::microseconds chunk_pause_max{9'000};
constexpr std::size_t tiny_chunks_together = 200;

std::string as_text(std::span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string endless_head() {
    constexpr std::size_t bytes = 512 * 1024;
    std::string head = "HTTP/1.1 200 OK\r\nContent-Type: audio/ulaw\r\n";
    while (head.size() < bytes) head += fmt::format("X-More-{}: {:0>1000}\r\n", head.size(), 0);
    return head;
}

std::string in_format(std::string_view output_format, const audio::Clip& speech) {
    if (output_format == "ulaw_8000") return as_text(speech.bytes());
    const auto samples = audio::pcm_from_mulaw(speech.bytes());
    return as_text(std::as_bytes(std::span(samples)));  // little endian, as this machine
}

}  // namespace

StandinAnswer::StandinAnswer(net::EventLoop& loop, AnswerPlan plan, std::function<void()> done)
    : loop_(loop),
      plan_(std::move(plan)),
      done_(std::move(done)),
      random_(plan_.seed),
      first_byte_at_(loop.now() + plan_.first_byte_after),
      wake_(loop.timers(), [this] { wake(); }) {
    plan_.exchange->on_gone = [this] { finish(); };
    if (suffers(HttpEffect::slow_start)) first_byte_at_ += slow_start;
    if (suffers(HttpEffect::hang_silent)) {
        hang();
    } else {
        wake_.arm(first_byte_at_);
    }
}

StandinAnswer::~StandinAnswer() {
    plan_.exchange->on_gone = nullptr;
}

void StandinAnswer::speech_made(audio::Clip clip) {
    if (suffers(HttpEffect::silence)) clip = hushed(clip, plan_.fault->after_bytes);
    body_ = in_format(plan_.order.output_format, clip);
    speech_ = std::move(clip);
    if (!hanging_ && !begun_) wake_.arm(std::max(first_byte_at_, loop_.now()));
}

// The connection stays, and nothing more comes. The client ends it.
void StandinAnswer::hang() {
    hanging_ = true;
    wake_.disarm();
}

void StandinAnswer::wake() {
    if (!speech_) return;  // speech_made() comes back to it
    if (!begun_) return begin();
    send_next();
}

void StandinAnswer::begin() {
    begun_ = true;
    if (strike_at_once()) return;
    if (!plan_.order.streaming || plan_.order.with_timestamps) return answer_whole();
    plan_.exchange->begin_chunks({.status = 200,
                                  .content_type = std::string(content_type_of(plan_.order.output_format)),
                                  .body = {},
                                  .headers = plan_.headers});
    if (suffers(HttpEffect::hang_after_head)) return hang();
    if (suffers(HttpEffect::no_audio)) {
        plan_.exchange->end_chunks();
        return finish();
    }
    send_next();
}

bool StandinAnswer::strike_at_once() {
    const bool early = plan_.fault && plan_.fault->after_bytes == 0;
    if (suffers(HttpEffect::other_body) || suffers(HttpEffect::refuse)) {
        const Fault& fault = *plan_.fault->fault;
        plan_.exchange->answer({.status = fault.status,
                                .content_type = std::string(fault.content_type),
                                .body = std::string(fault.body),
                                .headers = {{"x-region", "us-central1"}, {"x-trace-id", "standin"}}});
        finish();
        return true;
    }
    if (suffers(HttpEffect::reset) && early) {
        plan_.exchange->abort();
    } else if (suffers(HttpEffect::close_unanswered)) {
        plan_.exchange->cut_off("");
    } else if (suffers(HttpEffect::not_http)) {
        plan_.exchange->cut_off("SSH-2.0-OpenSSH_9.2\r\n\x02\x03\xff\xfe");
    } else if (suffers(HttpEffect::huge_head)) {
        plan_.exchange->cut_off(endless_head());
    } else {
        return false;
    }
    finish();
    return true;
}

// Not streamed, or with timestamps: times are spread evenly over the characters.
void StandinAnswer::answer_whole() {
    http::Response response{.status = 200,
                            .content_type = std::string(content_type_of(plan_.order.output_format)),
                            .body = body_,
                            .headers = plan_.headers};
    if (plan_.order.with_timestamps) {
        response.content_type = "application/json";
        response.body = fmt::format(R"({{"audio_base64":"{}","alignment":null,"normalized_alignment":null}})",
                                    encoding::to_base64(std::as_bytes(std::span(body_))));
    }
    plan_.exchange->answer(response);
    finish();
}

void StandinAnswer::send_next() {
    if (plan_.exchange->gone()) return finish();
    // Tiny chunks leave many at a time: they are to be small, not slow.
    const bool tiny = suffers(HttpEffect::tiny_chunks) || suffers(HttpEffect::odd_chunks);
    for (std::size_t left = tiny ? tiny_chunks_together : 1; left > 0 && sent_ < body_.size(); --left) {
        if (!send_chunk()) return;
    }
    if (sent_ == body_.size()) {
        plan_.exchange->end_chunks();
        return finish();
    }
    wake_.arm(loop_.now() + pause_to_next_chunk());
}

bool StandinAnswer::send_chunk() {
    const std::size_t bytes = next_chunk_bytes();
    const std::size_t playable = std::min(audio::frame_bytes, body_.size());
    if (sent_ < playable && sent_ + bytes >= playable) plan_.on_first_audio();
    plan_.exchange->send_chunk(std::string_view(body_).substr(sent_, bytes));
    sent_ += bytes;
    ++chunks_;
    if (plan_.fault && sent_ >= plan_.fault->after_bytes) strike();
    return !hanging_ && done_;
}

std::size_t StandinAnswer::next_chunk_bytes() {
    std::size_t bytes = std::uniform_int_distribution<std::size_t>(chunk_bytes_min, chunk_bytes_max)(random_);
    const bool struck = plan_.fault && sent_ >= plan_.fault->after_bytes;
    if (struck && suffers(HttpEffect::drip)) bytes = drip_bytes;
    if (struck && suffers(HttpEffect::tiny_chunks)) bytes = 1;
    if (struck && suffers(HttpEffect::odd_chunks)) bytes = 2 * (chunks_ % 100) + 1;
    if (suffers(HttpEffect::one_chunk)) bytes = body_.size();
    bytes = std::min(bytes, body_.size() - sent_);
    // A fault strikes exactly where it was asked to.
    if (plan_.fault && sent_ < plan_.fault->after_bytes) bytes = std::min(bytes, plan_.fault->after_bytes - sent_);
    const bool nothing_at_all = struck && (suffers(HttpEffect::stall) || suffers(HttpEffect::cut));
    return nothing_at_all ? 0 : bytes;
}

std::chrono::microseconds StandinAnswer::pause_to_next_chunk() {
    const bool struck = plan_.fault && sent_ >= plan_.fault->after_bytes;
    if (struck && suffers(HttpEffect::drip)) return drip_pause;
    if (struck && (suffers(HttpEffect::tiny_chunks) || suffers(HttpEffect::odd_chunks)))
        return std::chrono::microseconds(0);
    return std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, chunk_pause_max.count())(random_));
}

// In the middle of the audio. Effects that only change sizes and times go on.
void StandinAnswer::strike() {
    switch (plan_.fault->fault->http) {
        case HttpEffect::stall:
            return hang();
        case HttpEffect::cut:
            plan_.exchange->cut_off("");
            return finish();
        case HttpEffect::reset:
            plan_.exchange->abort();
            return finish();
        default:
            return;
    }
}

void StandinAnswer::finish() {
    wake_.disarm();
    if (done_) std::exchange(done_, nullptr)();
}

}  // namespace simulator
