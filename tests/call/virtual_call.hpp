#pragma once
// A whole call in virtual time: a peer that plays what it is sent at 8000 bytes a second and echoes marks as Twilio
// does, a scripted speech source, and a StreamSession between them, joined by a pipe with delay and jitter. Minutes of
// audio take milliseconds.

#include "call/stream_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace virtual_call {

using call::Instant;
using std::chrono::microseconds;
using std::chrono::milliseconds;

class Clock {
public:
    Instant now() const { return now_; }

    void at(Instant when, std::function<void()> event) { events_.emplace(std::max(when, now_), std::move(event)); }
    void after(microseconds delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

    // Events of one instant happen in the order in which they were made.
    void run_until(Instant end) {
        while (!events_.empty() && events_.begin()->first <= end) {
            auto event = events_.extract(events_.begin());
            now_ = event.key();
            event.mapped()();
        }
        now_ = end;
    }

private:
    Instant now_{std::chrono::hours{1}};
    std::multimap<Instant, std::function<void()>> events_;
};

// The playback side of a Media Stream: a FIFO, drained in real time, silence when it is empty.
class Ear {
public:
    Ear(Clock& clock, std::function<void(std::string)> echo) : clock_(clock), echo_(std::move(echo)) {}

    void media(std::vector<std::byte> mulaw) {
        if (position() == audio_.size()) {
            if (in_message_ && clock_.now() > empty_at())
                gaps_.push_back(std::chrono::duration_cast<microseconds>(clock_.now() - empty_at()));
            playing_since_ = clock_.now();
            playing_from_ = audio_.size();
        }
        in_message_ = true;
        audio_.insert(audio_.end(), mulaw.begin(), mulaw.end());
        buffered_max_ = std::max(buffered_max_, audio_.size() - position());
    }
    void mark(std::string name) {
        pending_.push_back(std::move(name));
        const auto cleared = clears_;
        clock_.at(position() == audio_.size() ? clock_.now() : empty_at(), [this, cleared] {
            if (cleared == clears_) echo_next();
        });
    }
    void clear() {
        audio_.resize(position());
        in_message_ = false;
        ++clears_;
        while (!pending_.empty()) echo_next();
    }

    std::vector<std::byte> heard() const {
        return {audio_.begin(), audio_.begin() + static_cast<std::ptrdiff_t>(position())};
    }
    const std::vector<microseconds>& gaps() const { return gaps_; }
    std::size_t buffered_max() const { return buffered_max_; }
    std::uint32_t clears() const { return clears_; }

private:
    std::size_t position() const {
        const auto played = std::chrono::duration_cast<microseconds>(clock_.now() - playing_since_);
        return std::min(audio_.size(), playing_from_ + audio::bytes_in(played));
    }
    Instant empty_at() const { return playing_since_ + audio::duration_of(audio_.size() - playing_from_); }
    void echo_next() {
        auto name = std::move(pending_.front());
        pending_.pop_front();
        echo_(std::move(name));
    }

    Clock& clock_;
    std::function<void(std::string)> echo_;
    std::vector<std::byte> audio_;  // everything accepted and not cleared
    Instant playing_since_{};
    std::size_t playing_from_ = 0;
    bool in_message_ = false;
    std::deque<std::string> pending_;
    std::vector<microseconds> gaps_;
    std::size_t buffered_max_ = 0;
    std::uint32_t clears_ = 0;
};

// What becomes of one text: chunks, each some time after the request, then the end.
struct Script {
    struct Chunk {
        milliseconds after;
        std::size_t bytes;
        std::optional<std::size_t> sentence_ends_at = std::nullopt;  // byte of the text, behind this chunk
    };
    std::vector<Chunk> chunks;
    std::optional<milliseconds> end_after = milliseconds{0};  // none: it never ends
    bool fails = false;

    std::size_t bytes() const {
        std::size_t total = 0;
        for (const auto& chunk : chunks) total += chunk.bytes;
        return total;
    }
};

inline Script whole(std::size_t bytes) {
    return {.chunks = {{milliseconds{0}, bytes}}};
}

// Audio that tells texts and positions apart: texts whose characters differ in sum (modulo 8) share no code at all.
// Never the code of silence, so that padding can be told from speech.
inline std::vector<std::byte> voice_of(const std::string& text, std::size_t bytes) {
    unsigned sum = 0;
    for (const char character : text) sum += static_cast<unsigned char>(character);
    // The noise repeats after a second and a bit, never at a frame's edge: its length is prime.
    static std::map<unsigned, std::vector<std::byte>> noises;
    auto& noise = noises[sum % 8];
    for (std::uint32_t state = sum; noise.size() < 9973;) {
        state = state * 1'664'525U + 1'013'904'223U;
        noise.push_back(static_cast<std::byte>(sum % 8 * 31 + (state >> 16U) % 31));
    }
    std::vector<std::byte> mulaw;
    mulaw.reserve(bytes);
    while (mulaw.size() < bytes) {
        const auto part = static_cast<std::ptrdiff_t>(std::min(noise.size(), bytes - mulaw.size()));
        mulaw.insert(mulaw.end(), noise.begin(), noise.begin() + part);
    }
    return mulaw;
}

inline std::vector<std::byte> padded(std::vector<std::byte> mulaw) {
    mulaw.resize((mulaw.size() + audio::frame_bytes - 1) / audio::frame_bytes * audio::frame_bytes,
                 audio::mulaw_silence);
    return mulaw;
}

inline speech::Request request(const std::string& text) {
    return {.text = Secret(text), .voice = {}, .previous_text = {}, .next_text = {}};
}

class VirtualCall {
public:
    struct Options {
        call::StreamSession::Options session{};
        call::AfterSpeech after_speech = call::AfterSpeech::stay;
        std::string text = "greeting";
        std::optional<call::CallPlan> plan = std::nullopt;  // instead of text and after_speech
        bool refuse = false;
        milliseconds delay{0};           // of the pipe, each way
        milliseconds jitter{0};          // at most, on top
        milliseconds timer_late_max{0};  // each deadline comes late by up to this
        bool echo_marks = true;
        std::uint32_t seed = 1;
    };

    explicit VirtualCall(Options options)
        : options_(std::move(options)), random_(options_.seed), session_(options_.session, clock.now()) {
        rearm();
    }
    VirtualCall(const VirtualCall&) = delete;
    VirtualCall& operator=(const VirtualCall&) = delete;

    void script(const std::string& text, Script script) {
        audio::Clip voice(voice_of(text, script.bytes()));
        scripts_[text] = {std::move(script), std::move(voice)};
    }
    // All of the text is there at once, each sentence in a voice of its own; a text may also be said from any of them
    // on.
    void script_sentences(const std::vector<std::string>& sentences, const std::vector<std::size_t>& bytes) {
        for (std::size_t first = 0; first < sentences.size(); ++first) {
            std::string text;
            Script script;
            std::vector<std::byte> voice;
            for (std::size_t i = first; i < sentences.size(); ++i) {
                text += sentences[i];
                const auto part = voice_of(sentences[i], bytes[i]);
                voice.insert(voice.end(), part.begin(), part.end());
                script.chunks.push_back({milliseconds{0}, bytes[i]});
                if (i + 1 < sentences.size()) script.chunks.back().sentence_ends_at = text.size();
            }
            scripts_[text] = {std::move(script), audio::Clip(std::move(voice))};
        }
    }

    // The peer speaks; each reaches the session through the pipe.
    void start(std::string stream_sid = "MZ1") {
        receive(twilio::Started{.stream_sid = std::move(stream_sid),
                                .call_sid = "CA1",
                                .account_sid = "AC1",
                                .encoding = "audio/x-mulaw",
                                .custom_parameters = {}});
    }
    void stop() { receive(twilio::Stopped{.stream_sid = "MZ1", .call_sid = "CA1"}); }
    void receive(twilio::InboundMessage message) {
        to_session([this, message = std::move(message)] { session_.on(message, clock.now()); });
    }
    void lose_connection() {
        feed([this] { session_.on_connection_closed(clock.now()); });
    }

    // We decide something.
    bool say(const std::string& text, bool interrupt = false) {
        using call::StreamSession;
        const auto mode = interrupt ? StreamSession::SayMode::interrupt : StreamSession::SayMode::queue;
        bool taken = false;
        feed([&] { taken = session_.say(request(text), mode, clock.now()).has_value(); });
        return taken;
    }
    bool mark(const std::string& name) {
        bool taken = false;
        feed([&] { taken = session_.mark(name, clock.now()).has_value(); });
        return taken;
    }
    void hang_up(call::StreamSession::HangUp when) {
        feed([&] { session_.hang_up(when, clock.now()); });
    }
    void clear() {
        feed([this] { session_.clear(clock.now()); });
    }
    void shut_down() {
        feed([this] { session_.on_shutdown(clock.now()); });
    }

    void run_for(microseconds duration) { clock.run_until(clock.now() + duration); }

    // What `text` sounds like in full, to the end of its last frame.
    std::vector<std::byte> voice(const std::string& text) {
        const auto mulaw = scripts_[text].second.bytes();
        return padded({mulaw.begin(), mulaw.end()});
    }
    std::vector<std::byte> heard() const { return ear.heard(); }
    const call::StreamSession& session() const { return session_; }

    Clock clock;
    Ear ear{clock, [this](std::string name) {
                if (options_.echo_marks) receive(twilio::Mark{.stream_sid = "MZ1", .name = std::move(name)});
            }};

    std::vector<std::string> actions;  // all but media: "start greeting", "stop", "mark", "clear", "close"
    std::vector<std::string> reports;  // "1 speaking", "1 heard", "key 5"
    std::vector<std::size_t> media_bytes;
    std::optional<call::CloseStream> closed;
    Instant closed_at{};

private:
    void feed(const std::function<void()>& event) {
        event();
        drain();
        rearm();
    }
    void drain() {
        do {
            authorise_ = false;
            while (auto action = session_.next_action()) std::visit([this](auto& what) { perform(what); }, *action);
            if (authorise_ && options_.refuse) session_.on_refused(clock.now());
            if (authorise_ && !options_.refuse)
                session_.on_authorised(options_.plan.value_or(call::CallPlan{.speech = request(options_.text),
                                                                             .after_speech = options_.after_speech}),
                                       clock.now());
        } while (authorise_);
    }
    void rearm() {
        const auto deadline = session_.next_deadline();
        if (deadline == armed_) return;
        armed_ = deadline;
        if (!deadline) return;
        const auto timer = ++timer_;
        clock.at(std::max(*deadline, clock.now()) + up_to(options_.timer_late_max), [this, timer] {
            if (timer != timer_) return;
            armed_.reset();
            feed([this] { session_.on_deadline(clock.now()); });
        });
    }

    void perform(call::Authorise&) { authorise_ = true; }
    void perform(call::StartSpeech& start) {
        const std::string text = start.request.text.reveal();
        actions.push_back("start " + text);
        const auto utterance = ++utterance_;
        const auto& [script, voice] = scripts_[text];
        const auto later = [&](milliseconds after, auto event) {
            clock.after(after, [this, utterance, event] {
                if (utterance == utterance_) feed(event);
            });
        };
        std::size_t offset = 0;
        for (const auto& chunk : script.chunks) {
            const auto part = voice.from(offset).first(chunk.bytes);
            later(chunk.after, [this, part, end = chunk.sentence_ends_at] {
                session_.on_audio(part, clock.now());
                if (end) session_.on_sentence_end(*end, clock.now());
            });
            offset += chunk.bytes;
        }
        if (!script.end_after) return;
        later(*script.end_after, [this, fails = script.fails] {
            fails ? session_.on_speech_failed(clock.now()) : session_.on_speech_finished(clock.now());
        });
    }
    void perform(call::StopSpeech&) {
        actions.emplace_back("stop");
        ++utterance_;
    }
    void perform(call::SendMedia& media) {
        media_bytes.push_back(media.mulaw.size());
        to_peer([this, mulaw = std::vector(media.mulaw.begin(), media.mulaw.end())] { ear.media(mulaw); });
    }
    void perform(call::SendMark& mark) {
        actions.emplace_back("mark");
        to_peer([this, name = mark.name] { ear.mark(name); });
    }
    void perform(call::SendClear&) {
        actions.emplace_back("clear");
        to_peer([this] { ear.clear(); });
    }
    void perform(call::ReportUtterance& report) {
        reports.push_back(std::to_string(report.change.id) + " " + name_of(report.change.state));
    }
    void perform(call::ReportDigit& report) { reports.push_back(std::string("key ") + report.digit); }
    void perform(call::CloseStream& close) {
        actions.emplace_back("close");
        closed = close;
        closed_at = clock.now();
    }

    // The pipe keeps the order, as TCP does.
    void to_peer(std::function<void()> event) { pass(std::move(event), peer_reached_); }
    void to_session(std::function<void()> event) {
        pass([this, event = std::move(event)] { feed(event); }, session_reached_);
    }
    void pass(std::function<void()> event, Instant& reached) {
        reached = std::max(reached, clock.now() + options_.delay + up_to(options_.jitter));
        clock.at(reached, std::move(event));
    }
    microseconds up_to(milliseconds most) {
        return microseconds{std::uniform_int_distribution<std::int64_t>(0, microseconds(most).count())(random_)};
    }

    Options options_;
    std::minstd_rand random_;
    call::StreamSession session_;
    std::map<std::string, std::pair<Script, audio::Clip>> scripts_;
    std::optional<Instant> armed_;
    std::uint64_t timer_ = 0;
    std::uint64_t utterance_ = 0;
    bool authorise_ = false;
    Instant peer_reached_{}, session_reached_{};
};

}  // namespace virtual_call
