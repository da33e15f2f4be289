#include "call/call_metrics.hpp"

#include "call/metric_family.hpp"

namespace call {

namespace {

void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount = 1) {
    counter.fetch_add(amount, std::memory_order_relaxed);
}

void add(std::atomic<std::uint64_t>& counter, std::chrono::microseconds amount) {
    add(counter, static_cast<std::uint64_t>(amount.count()));
}

std::uint64_t value(const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

std::chrono::microseconds duration(const std::atomic<std::uint64_t>& counter_us) {
    return std::chrono::microseconds(value(counter_us));
}

// What a provider calls its failure, as a label: "first audio timeout" -> "first_audio_timeout".
std::string error_type(std::string_view reason) {
    constexpr std::size_t length_max = 48;
    std::string type(reason.substr(0, length_max));
    for (char& character : type) {
        if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
        const bool plain = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
        if (!plain) character = '_';
    }
    return type;
}

}  // namespace

// What calls add to /metrics. Label sets are closed: Outcome, or bounded by LabelledCounter.
struct MetricFamilies {
    struct Row {
        const char* name;
        const char* type;
        const char* help;
        void (*write)(const CallMetrics&, MetricFamily&);
    };
    static constexpr Row table[] = {
        {"mouthpiece_websocket_connections_active", "gauge", "Media Streams open now.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.streams_open_)); }},
        {"mouthpiece_websocket_connections_total", "counter", "Media Streams opened.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.streams_opened_)); }},
        {"mouthpiece_calls_total", "counter", "Media Streams ended, by outcome.",
         [](const CallMetrics& m, MetricFamily& s) {
             for (std::size_t i = 0; i < outcome_count; ++i)
                 s.sample(value(m.calls_[i]), {{"outcome", name_of(static_cast<Outcome>(i))}});
         }},
        {"mouthpiece_webhooks_total", "counter", "Voice webhooks answered, by answer.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("answer", m.webhooks_); }},
        {"mouthpiece_prepared_speech_total", "counter", "Messages begun at the webhook, by what became of them.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("fate", m.prepared_); }},
        {"mouthpiece_requests_refused_total", "counter", "Requests and streams refused, by reason.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("reason", m.refused_); }},
        {"mouthpiece_first_media_seconds", "histogram", "From the stream's start to the first media message sent.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples(m.first_media_); }},
        {"mouthpiece_synthesis_requests_total", "counter", "Texts handed to the speech chain.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.speech_requests_)); }},
        {"mouthpiece_synthesis_first_audio_seconds", "histogram", "From asking for speech to its first audio.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples(m.synthesis_first_audio_); }},
        {"mouthpiece_synthesis_seconds", "histogram", "From asking for speech to its last audio.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples(m.synthesis_); }},
        {"mouthpiece_errors_total", "counter", "Failures of speech synthesis, and exceptions, by type.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("type", m.errors_); }},
        {"mouthpiece_account_refusals_total", "counter", "Failures that concern the provider's key, plan or credit.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.account_refusals_)); }},
        {"mouthpiece_fallbacks_total", "counter", "Times speech went on in another way, by where it went.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("to", m.fallbacks_); }},
        {"mouthpiece_underruns_total", "counter", "Times a caller's audio ran dry inside an utterance.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.underruns_)); }},
        {"mouthpiece_underrun_silence_seconds_total", "counter", "Silence those underruns made.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(duration(m.silence_us_)); }},
        {"mouthpiece_playout_overflows_total", "counter", "Utterances cut because a call's playout queue was full.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.queue_overflows_)); }},
        {"mouthpiece_audio_sent_seconds_total", "counter", "Audio sent to callers.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(duration(m.audio_sent_us_)); }},
        {"mouthpiece_audio_heard_seconds_total", "counter", "Audio that marks confirm as played.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(duration(m.audio_heard_us_)); }},
        {"mouthpiece_media_messages_total", "counter", "Media messages received.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.media_in_)); }},
        {"mouthpiece_media_bytes_total", "counter", "Audio bytes received.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.media_in_bytes_)); }},
        {"mouthpiece_messages_ignored_total", "counter", "Stream messages with a fault that were passed over.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.messages_ignored_)); }},
        {"mouthpiece_events_total", "counter", "Events for the operator's server, by what became of them.",
         [](const CallMetrics& m, MetricFamily& s) { s.samples("result", m.events_); }},
        {"mouthpiece_dtmf_total", "counter", "Keys pressed by callers.",
         [](const CallMetrics& m, MetricFamily& s) { s.sample(value(m.dtmf_)); }},
    };
};

void CallMetrics::webhook_answered(std::string_view answer) {
    webhooks_.add(answer);
}

void CallMetrics::stream_opened() {
    add(streams_open_);
    add(streams_opened_);
}

void CallMetrics::stream_closed(Outcome outcome, const Totals& totals) {
    streams_open_.fetch_sub(1, std::memory_order_relaxed);
    add(calls_[static_cast<std::size_t>(outcome)]);
    add(media_in_, totals.media_in);
    add(media_in_bytes_, totals.media_in_bytes);
    add(messages_ignored_, totals.ignored);
    add(dtmf_, totals.dtmf);
    add(underruns_, totals.underruns);
    add(silence_us_, totals.silence);
    add(queue_overflows_, totals.overflows);
    add(audio_sent_us_, totals.sent);
    add(audio_heard_us_, totals.heard);
}

void CallMetrics::speech_started() {
    add(speech_requests_);
}
void CallMetrics::speech_first_audio(std::chrono::microseconds after_request) {
    synthesis_first_audio_.observe(after_request);
}
void CallMetrics::speech_finished(std::chrono::microseconds after_request) {
    synthesis_.observe(after_request);
}
void CallMetrics::speech_failed(std::string_view reason) {
    errors_.add(error_type(reason));
}
void CallMetrics::account_refused() {
    add(account_refusals_);
}
void CallMetrics::exception_caught() {
    errors_.add("exception");
}
void CallMetrics::fell_back(std::string_view to) {
    fallbacks_.add(to);
}
void CallMetrics::first_media(std::chrono::microseconds after_start) {
    first_media_.observe(after_start);
}
void CallMetrics::prepared_speech(std::string_view fate) {
    prepared_.add(fate);
}
void CallMetrics::request_refused(std::string_view why) {
    refused_.add(why);
}

void CallMetrics::events_told(std::string_view result, std::uint64_t events) {
    events_.add(result, events);
}

CallMetrics::Figures CallMetrics::figures() const {
    Figures figures{.streams_open = value(streams_open_),
                    .underruns = value(underruns_),
                    .errors = errors_.snapshot(),
                    .fallbacks = fallbacks_.snapshot()};
    for (std::size_t i = 0; i < outcome_count; ++i) figures.calls[i] = value(calls_[i]);
    return figures;
}

std::string CallMetrics::render() const {
    std::string text;
    for (const auto& row : MetricFamilies::table) {
        MetricFamily family(text, row.name, row.type, row.help);
        row.write(*this, family);
    }
    return text;
}

}  // namespace call
