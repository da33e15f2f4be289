#include "gateway/speak.hpp"

#include "gateway/loop_services.hpp"
#include "speech/speech_observer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace gateway {

namespace {

double in_milliseconds(std::chrono::microseconds duration) {
    return static_cast<double>(duration.count()) / 1e3;
}

// The utterance of the chain with the observer it reports to: they end together.
class ReportedUtterance final : public speech::Utterance, private speech::SpeechObserver {
public:
    ReportedUtterance(LoopServices& loop, std::string call_sid)
        : loop_(loop), call_sid_(std::move(call_sid)), asked_(loop.events.now()) {}

    void begin(speech::Request request, speech::Listener& listener) {
        request.observer = this;
        loop_.switchboard.metrics.speech_started();
        note(Kind::speech_asked);
        utterance_ = loop_.speech.say(request, listener);
    }

    void needed_by(speech::Instant when) override { utterance_->needed_by(when); }

private:
    using Kind = CallMoment::Kind;
    static constexpr std::size_t what_bytes_max = 120;

    void on_rung_failed(std::string_view rung, const speech::Failure& failure) override {
        spdlog::warn("speech failed call_sid={} source={} reason={:?}", call_sid_, rung, failure.reason);
        loop_.switchboard.metrics.speech_failed(failure.reason);
        note(Kind::speech_failed, fmt::format("{}: {}", rung, failure.reason));
        if (failure.scope == speech::Failure::Scope::account) loop_.switchboard.metrics.account_refused();
    }
    void on_fell_back(std::string_view rung) override {
        spdlog::warn("speech falls back call_sid={} to={}", call_sid_, rung);
        loop_.switchboard.metrics.fell_back(rung);
        note(Kind::fell_back, rung);
    }
    void on_first_audio(std::string_view rung, std::chrono::microseconds since_say) override {
        spdlog::info("speech begins call_sid={} source={} after_ms={:.1f}", call_sid_, rung,
                     in_milliseconds(since_say));
        loop_.switchboard.metrics.speech_first_audio(since_say);
        note(Kind::first_audio, rung);
    }
    void on_spoken(const speech::Spoken& spoken) override {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(loop_.events.now() - asked_);
        spdlog::info(
            "speech complete call_sid={} complete={} sentences={} by_fallback={} audio_ms={:.0f} after_ms={:.1f}",
            call_sid_, spoken.complete, spoken.sentences, spoken.sentences_by_fallback, in_milliseconds(spoken.audio),
            in_milliseconds(took));
        loop_.switchboard.metrics.speech_finished(took);
        note(Kind::speech_complete, {}, spoken.audio);
    }
    void note(Kind kind, std::string_view what = {}, std::chrono::microseconds length = {}) {
        loop_.note(call_sid_, {.kind = kind, .what = std::string(what.substr(0, what_bytes_max)), .length = length});
    }

    LoopServices& loop_;
    const std::string call_sid_;
    const speech::Instant asked_;
    std::unique_ptr<speech::Utterance> utterance_;
};

}  // namespace

std::unique_ptr<speech::Utterance> speak(LoopServices& loop, const std::string& call_sid, speech::Request request,
                                         speech::Listener& listener) {
    auto utterance = std::make_unique<ReportedUtterance>(loop, call_sid);
    utterance->begin(std::move(request), listener);
    return utterance;
}

}  // namespace gateway
