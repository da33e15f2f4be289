#include "call/call_metrics.hpp"

#include <fmt/format.h>

#include <iterator>

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

// Microseconds as decimal seconds, exactly: "12.5", never "1.25e+01".
std::string seconds(std::uint64_t microseconds) {
    std::string text = fmt::format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string seconds(std::chrono::microseconds duration) {
    return seconds(static_cast<std::uint64_t>(duration.count()));
}

// In a label value backslash, quote and line feed are escaped, and nothing else is.
std::string escaped(std::string_view label) {
    std::string text;
    for (const char character : label) {
        if (character == '\n') {
            text += "\\n";
            continue;
        }
        if (character == '\\' || character == '"') text += '\\';
        text += character;
    }
    return text;
}

// The samples of one metric, as lines.
class Samples {
public:
    Samples(std::string& out, std::string_view name) : out_(out), name_(name) {}

    void plain(std::string_view value) { line("", "", value); }
    void plain(std::uint64_t value) { plain(fmt::to_string(value)); }

    void labelled(std::string_view label, std::string_view label_value, std::uint64_t value) {
        line("", fmt::format("{}=\"{}\"", label, escaped(label_value)), fmt::to_string(value));
    }
    void labelled(std::string_view label, const LabelledCounter& counter) {
        for (const auto& [label_value, count] : counter.snapshot()) labelled(label, label_value, count);
    }

    void histogram(const Histogram& histogram) {
        const auto snapshot = histogram.snapshot();
        for (std::size_t bucket = 0; bucket < Histogram::bounds.size(); ++bucket)
            line("_bucket", fmt::format("le=\"{}\"", seconds(Histogram::bounds[bucket])),
                 fmt::to_string(snapshot.cumulative[bucket]));
        line("_bucket", "le=\"+Inf\"", fmt::to_string(snapshot.count()));
        line("_sum", "", seconds(snapshot.sum));
        line("_count", "", fmt::to_string(snapshot.count()));
    }

private:
    void line(std::string_view suffix, std::string_view labels, std::string_view value) {
        const bool bare = labels.empty();
        fmt::format_to(std::back_inserter(out_), "{}{}{}{}{} {}\n", name_, suffix, bare ? "" : "{", labels,
                       bare ? "" : "}", value);
    }

    std::string& out_;
    std::string_view name_;
};

}  // namespace

// Everything /metrics says. Label sets are closed: Outcome, or bounded by LabelledCounter.
struct MetricFamilies {
    struct Family {
        const char* name;
        const char* type;
        const char* help;
        void (*write)(const CallMetrics&, Samples&);
    };
    static constexpr Family table[] = {
        {"mouthpiece_websocket_connections_active", "gauge", "Media Streams open now.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.streams_open_)); }},
        {"mouthpiece_websocket_connections_total", "counter", "Media Streams opened.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.streams_opened_)); }},
        {"mouthpiece_calls_total", "counter", "Media Streams ended, by outcome.",
         [](const CallMetrics& m, Samples& s) {
             for (std::size_t i = 0; i < outcome_count; ++i)
                 s.labelled("outcome", name_of(static_cast<Outcome>(i)), value(m.calls_[i]));
         }},
        {"mouthpiece_webhooks_total", "counter", "Voice webhooks answered, by answer.",
         [](const CallMetrics& m, Samples& s) { s.labelled("answer", m.webhooks_); }},
        {"mouthpiece_requests_refused_total", "counter", "Requests and streams refused, by reason.",
         [](const CallMetrics& m, Samples& s) { s.labelled("reason", m.refused_); }},
        {"mouthpiece_first_media_seconds", "histogram", "From the stream's start to the first media message sent.",
         [](const CallMetrics& m, Samples& s) { s.histogram(m.first_media_); }},
        {"mouthpiece_synthesis_requests_total", "counter", "Texts handed to the speech chain.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.speech_requests_)); }},
        {"mouthpiece_synthesis_first_audio_seconds", "histogram", "From asking for speech to its first audio.",
         [](const CallMetrics& m, Samples& s) { s.histogram(m.synthesis_first_audio_); }},
        {"mouthpiece_synthesis_seconds", "histogram", "From asking for speech to its last audio.",
         [](const CallMetrics& m, Samples& s) { s.histogram(m.synthesis_); }},
        {"mouthpiece_errors_total", "counter", "Failures of speech synthesis, by type.",
         [](const CallMetrics& m, Samples& s) { s.labelled("type", m.errors_); }},
        {"mouthpiece_fallbacks_total", "counter", "Times speech went on in another way, by where it went.",
         [](const CallMetrics& m, Samples& s) { s.labelled("to", m.fallbacks_); }},
        {"mouthpiece_underruns_total", "counter", "Times a caller's audio ran dry inside an utterance.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.underruns_)); }},
        {"mouthpiece_underrun_silence_seconds_total", "counter", "Silence those underruns made.",
         [](const CallMetrics& m, Samples& s) { s.plain(seconds(value(m.silence_us_))); }},
        {"mouthpiece_playout_overflows_total", "counter", "Utterances cut because a call's playout queue was full.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.queue_overflows_)); }},
        {"mouthpiece_audio_sent_seconds_total", "counter", "Audio sent to callers.",
         [](const CallMetrics& m, Samples& s) { s.plain(seconds(value(m.audio_sent_us_))); }},
        {"mouthpiece_audio_heard_seconds_total", "counter", "Audio that marks confirm as played.",
         [](const CallMetrics& m, Samples& s) { s.plain(seconds(value(m.audio_heard_us_))); }},
        {"mouthpiece_media_messages_total", "counter", "Media messages received.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.media_in_)); }},
        {"mouthpiece_media_bytes_total", "counter", "Audio bytes received.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.media_in_bytes_)); }},
        {"mouthpiece_messages_ignored_total", "counter", "Stream messages with a fault that were passed over.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.messages_ignored_)); }},
        {"mouthpiece_dtmf_total", "counter", "Keys pressed by callers.",
         [](const CallMetrics& m, Samples& s) { s.plain(value(m.dtmf_)); }},
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
    errors_.add(reason);
}
void CallMetrics::fell_back(std::string_view to) {
    fallbacks_.add(to);
}
void CallMetrics::first_media(std::chrono::microseconds after_start) {
    first_media_.observe(after_start);
}
void CallMetrics::request_refused(std::string_view why) {
    refused_.add(why);
}

std::string CallMetrics::render() const {
    std::string text;
    for (const auto& family : MetricFamilies::table) {
        fmt::format_to(std::back_inserter(text), "# HELP {} {}\n# TYPE {} {}\n", family.name, family.help, family.name,
                       family.type);
        Samples samples(text, family.name);
        family.write(*this, samples);
    }
    return text;
}

}  // namespace call
