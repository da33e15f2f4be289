#include "gateway/test_synthesis.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "encoding/form.hpp"
#include "gateway/call_plan.hpp"
#include "gateway/speak.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t text_bytes_max = 5'000;

using Wanted = std::expected<speech::Request, std::string>;

std::optional<std::string> set_number(const json::object& settings, const char* name, double low, double high,
                                      double& value) {
    const auto* given = settings.if_contains(name);
    if (given == nullptr || given->is_null()) return std::nullopt;
    boost::system::error_code error;
    const double number = given->to_number<double>(error);
    if (error || number < low || number > high) {
        return fmt::format("voice_settings.{} must be a number from {} to {}.", name, low, high);
    }
    value = number;
    return std::nullopt;
}

std::optional<std::string> read_settings(const json::value& given, audio::VoiceSettings& settings) {
    if (given.is_null()) return std::nullopt;
    if (!given.is_object()) return "voice_settings must be an object.";
    const json::object& object = given.get_object();
    if (auto fault = set_number(object, "stability", 0, 1, settings.stability)) return fault;
    if (auto fault = set_number(object, "similarity_boost", 0, 1, settings.similarity_boost)) return fault;
    if (auto fault = set_number(object, "style", 0, 1, settings.style)) return fault;
    if (auto fault = set_number(object, "speed", 0.7, 1.2, settings.speed)) return fault;
    if (const auto* boost = object.if_contains("use_speaker_boost"); boost != nullptr && !boost->is_null()) {
        if (!boost->is_bool()) return "voice_settings.use_speaker_boost must be true or false.";
        settings.use_speaker_boost = boost->get_bool();
    }
    return std::nullopt;
}

std::optional<std::string> read_string(const json::object& body, const char* name, std::string& into) {
    const auto* given = body.if_contains(name);
    if (given == nullptr || given->is_null()) return std::nullopt;
    if (!given->is_string()) return fmt::format("{} must be a string.", name);
    into = given->get_string();
    return std::nullopt;
}

// Fills what the body states; the error is the sentence for `detail`.
std::optional<std::string> read_body(const std::string& text, std::string& words, std::string& voice_id,
                                     audio::VoiceSettings& settings) {
    boost::system::error_code error;
    const json::value body = json::parse(text, error);
    if (error || !body.is_object()) return "The body must be a JSON object.";
    const json::object& object = body.get_object();
    if (auto fault = read_string(object, "text", words)) return fault;
    if (auto fault = read_string(object, "voice", voice_id)) return fault;
    if (auto fault = read_string(object, "voice_id", voice_id)) return fault;
    if (const auto* given = object.if_contains("voice_settings")) return read_settings(*given, settings);
    return std::nullopt;
}

Wanted read(const http::Request& request, const speech::Voice& default_voice) {
    speech::Request wanted{.text = {}, .voice = default_voice, .previous_text = {}, .next_text = {}};
    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    std::string text(encoding::find(query, "text").value_or(""));
    std::string voice_id(encoding::find(query, "voice_id").value_or(encoding::find(query, "voice").value_or("")));
    if (!request.body.empty()) {
        if (auto fault = read_body(request.body, text, voice_id, wanted.voice.settings)) return std::unexpected(*fault);
    }
    if (text.empty()) return std::unexpected("There is no text: send {\"text\": \"…\"}, or ?text=… in the address.");
    if (text.size() > text_bytes_max)
        return std::unexpected(fmt::format("The text is longer than {} bytes.", text_bytes_max));
    if (!voice_id.empty()) {
        if (!is_voice_id(voice_id))
            return std::unexpected("voice_id may have letters, digits, '-' and '_', 64 at most.");
        wanted.voice.id = voice_id;
    }
    wanted.text = Secret(std::move(text));
    return wanted;
}

// One synthesis under way; owned by its exchange's on_gone and by itself until the answer is given.
class Synthesis final : public speech::Listener {
public:
    Synthesis(LoopServices& loop, std::shared_ptr<net::Exchange> exchange)
        : loop_(loop), exchange_(std::move(exchange)), asked_(loop.events.now()) {}

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
    const std::string_view type = exchange->request().header("Content-Type");
    if (!exchange->request().body.empty() && !type.starts_with("application/json")) {
        return exchange->answer(http::error(415, "The body must be application/json."));
    }
    const auto wanted = read(exchange->request(), loop.switchboard.options.voice);
    if (!wanted) return exchange->answer(http::error(422, wanted.error()));
    auto synthesis = std::make_shared<Synthesis>(loop, exchange);
    loop.events.keep(synthesis);
    exchange->on_gone = [&loop, raw = synthesis.get()] { loop.events.let_go(raw); };
    synthesis->begin(*wanted);
}

}  // namespace gateway
