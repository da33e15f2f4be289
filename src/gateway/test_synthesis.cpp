#include "gateway/test_synthesis.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "encoding/form.hpp"
#include "gateway/json_body.hpp"
#include "gateway/speak.hpp"
#include "gateway/speech_wish.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway {

namespace {

using namespace std::chrono_literals;

constexpr unsigned syntheses_max = 32;  // at once, of one loop: each holds its audio until it is complete

// From the body, or from the query for who wants to try it in a browser's address bar.
std::expected<speech::Request, http::Response> read(const http::Request& request, const speech::Voice& default_voice) {
    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    SpeechWish wish{.text = std::string(encoding::find(query, "text").value_or("")),
                    .voice_id = std::string(
                        encoding::find(query, "voice_id").value_or(encoding::find(query, "voice").value_or(""))),
                    .settings = default_voice.settings};
    const auto body = json_body(request);
    if (!body) return std::unexpected(body.error());
    if (const auto fault = read_wish(*body, wish)) return std::unexpected(http::error(422, *fault));
    auto wanted = speech_request(std::move(wish), default_voice);
    if (!wanted) return std::unexpected(http::error(422, wanted.error()));
    return std::move(*wanted);
}

// One synthesis under way; owned by its exchange's on_gone and by itself until the answer is given.
class Synthesis final : public speech::Listener {
public:
    Synthesis(LoopServices& loop, std::shared_ptr<net::Exchange> exchange)
        : loop_(loop), exchange_(std::move(exchange)), asked_(loop.events.now()) {
        ++loop_.syntheses;
    }
    ~Synthesis() { --loop_.syntheses; }
    Synthesis(const Synthesis&) = delete;
    Synthesis& operator=(const Synthesis&) = delete;

    void begin(const speech::Request& request) { utterance_ = speak(loop_, "test-synthesis", request, *this); }

private:
    void on_audio(audio::Clip clip) override {
        if (!first_audio_) first_audio_ = loop_.events.now();
        mulaw_.insert(mulaw_.end(), clip.bytes().begin(), clip.bytes().end());
    }
    void on_finished() override {
        const auto milliseconds = [](auto duration) {
            return fmt::format("{:.1f}", std::chrono::duration<double, std::milli>(duration).count());
        };
        http::Response response{.status = 200, .content_type = "audio/wav", .body = {}, .headers = {}};
        const auto wav = audio::write_wav(audio::pcm_from_mulaw(mulaw_), audio::sample_rate_hz);
        response.body.assign(reinterpret_cast<const char*>(wav.data()), wav.size());
        response.headers = {{"X-First-Audio-Ms", milliseconds(first_audio_.value_or(loop_.events.now()) - asked_)},
                            {"X-Synthesis-Ms", milliseconds(loop_.events.now() - asked_)},
                            {"X-Audio-Ms", milliseconds(audio::duration_of(mulaw_.size()))}};
        exchange_->answer(response);
        end();
    }
    void on_failed(speech::Failure failure) override {
        exchange_->answer(http::error(502, fmt::format("The text could not be spoken: {}.", failure.reason)));
        end();
    }
    void end() {
        exchange_->on_gone = nullptr;
        loop_.events.let_go(this);
    }

    LoopServices& loop_;
    std::shared_ptr<net::Exchange> exchange_;
    net::Instant asked_;
    std::optional<net::Instant> first_audio_;
    std::vector<std::byte> mulaw_;
    std::unique_ptr<speech::Utterance> utterance_;
};

}  // namespace

void test_synthesis(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange) {
    const auto wanted = read(exchange->request(), loop.switchboard.options.voice);
    if (!wanted) return exchange->answer(wanted.error());
    if (loop.syntheses >= syntheses_max) {
        loop.events.limits().reached(Limit::syntheses);
        return exchange->answer(too_many_requests(1s, "Too many texts are being spoken; ask again in a moment."));
    }
    auto synthesis = std::make_shared<Synthesis>(loop, exchange);
    loop.events.keep(synthesis);
    exchange->on_gone = [&loop, raw = synthesis.get()] { loop.events.let_go(raw); };
    synthesis->begin(*wanted);
}

}  // namespace gateway
