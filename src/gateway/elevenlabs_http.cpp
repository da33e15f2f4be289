#include "gateway/elevenlabs_http.hpp"

#include "elevenlabs/speech_message.hpp"
#include "gateway/elevenlabs_reply.hpp"
#include "speech/lifetime.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

constexpr std::size_t identifier_bytes_max = 128;  // of a header that is kept for the log

std::optional<unsigned> number_in(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

ElevenLabsHttp::ReplyHead reply_head(const net::IncomingHead& head) {
    return {.status = head.status,
            .request_id = std::string(head.header("request-id").substr(0, identifier_bytes_max)),
            .trace_id = std::string(head.header("x-trace-id").substr(0, identifier_bytes_max)),
            .concurrent_requests = number_in(head.header("current-concurrent-requests")),
            .concurrent_requests_max = number_in(head.header("maximum-concurrent-requests"))};
}

std::string without_trailing_slashes(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

net::OutgoingRequest outgoing_request(const speech::Request& request, const ElevenLabsHttp::Options& options) {
    const elevenlabs::SpeechRequest speech{
        .text = request.text,
        .voice_id = request.voice.id.empty() ? options.default_voice_id : request.voice.id,
        .model_id = request.voice.model.empty() ? options.model_id : request.voice.model,
        .language_code = request.voice.language,
        .settings = request.voice.settings,
        .previous_text = request.previous_text,
        .next_text = request.next_text,
    };
    return {.method = "POST",
            .url = options.base_url + elevenlabs::stream_target(speech),
            .headers = {{"xi-api-key", options.api_key.reveal()}, {"Content-Type", "application/json"}},
            .body = elevenlabs::stream_body(speech),
            .connect_timeout = options.connect_timeout,
            .total_timeout = options.total_timeout,
            .body_bytes_max = options.audio_bytes_max};
}

class HttpUtterance final : public speech::Utterance, private net::HttpClient::Listener {
public:
    HttpUtterance(net::HttpClient& http, net::OutgoingRequest request, ElevenLabsHttp::Observer observer,
                  speech::Listener& listener)
        : listener_(listener), observer_(std::move(observer)), transfer_(http.start(std::move(request), *this)) {}

private:
    void on_head(const net::IncomingHead& head) override {
        const auto reply = reply_head(head);
        request_id_ = reply.request_id;
        reply_.on_head(head);
        if (observer_) observer_(reply);
    }

    void on_body(std::span<const char> bytes) override {
        if (auto clip = reply_.on_body(bytes); !clip.empty()) {
            listener_.on_audio(std::move(clip));  // may destroy this
        } else if (reply_.hopeless()) {
            transfer_.reset();
            end_with(reply_.finish());
        }
    }

    void on_done(std::expected<void, net::TransportError> result) override {
        if (!result) spdlog::debug("elevenlabs transfer failed reason={:?}", result.error().reason);
        end_with(result ? reply_.finish() : reply_.break_off(result.error()));
    }

    void end_with(ElevenLabsReply::End end) {
        spdlog::debug("elevenlabs reply status={} outcome={:?} audio_bytes={} request_id={:?}", reply_.status(),
                      end.failure ? end.failure->reason : "complete", reply_.audio_bytes(),
                      end.request_id.empty() ? request_id_ : end.request_id);
        const speech::Lifetime::Watch watch(lifetime_);
        if (!end.rest.empty()) listener_.on_audio(std::move(end.rest));
        if (watch.ended()) return;
        if (end.failure) {
            listener_.on_failed(*std::move(end.failure));
        } else {
            listener_.on_finished();
        }
    }

    speech::Listener& listener_;
    const ElevenLabsHttp::Observer observer_;
    ElevenLabsReply reply_;
    std::string request_id_;
    speech::Lifetime lifetime_;
    std::unique_ptr<net::HttpClient::Transfer> transfer_;
};

}  // namespace

ElevenLabsHttp::ElevenLabsHttp(net::HttpClient& http, Options options, std::function<Observer()> observe)
    : http_(http),
      options_([&] {
          options.base_url = without_trailing_slashes(std::move(options.base_url));
          return std::move(options);
      }()),
      observe_(std::move(observe)) {}

std::unique_ptr<speech::Utterance> ElevenLabsHttp::say(const speech::Request& request, speech::Listener& listener) {
    return std::make_unique<HttpUtterance>(http_, outgoing_request(request, options_),
                                           observe_ ? observe_() : Observer{}, listener);
}

}  // namespace gateway
