#include "call/call_metrics.hpp"

#include "call/metric_family.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

namespace call {
namespace {

using namespace std::chrono_literals;

struct Sample {
    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
};

struct Family {
    std::string help, type;
    std::vector<Sample> samples;
};

bool is_name(std::string_view name) {
    const auto allowed = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
    };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
           std::ranges::all_of(name, allowed);
}

// Reads `name="value",…}` off the front; nullopt when an escape, a quote or a comma is out of place.
std::optional<std::vector<std::pair<std::string, std::string>>> take_labels(std::string_view& text) {
    std::vector<std::pair<std::string, std::string>> labels;
    while (true) {
        const auto equals = text.find("=\"");
        if (equals == std::string_view::npos || !is_name(text.substr(0, equals))) return std::nullopt;
        auto& [name, value] = labels.emplace_back(text.substr(0, equals), "");
        text.remove_prefix(equals + 2);
        while (!text.empty() && text.front() != '"') {
            if (text.front() == '\\') {
                text.remove_prefix(1);
                if (text.empty() || std::string_view("\\\"n").find(text.front()) == std::string_view::npos)
                    return std::nullopt;
                value += text.front() == 'n' ? '\n' : text.front();
            } else {
                value += text.front();
            }
            text.remove_prefix(1);
        }
        if (text.size() < 2) return std::nullopt;
        const char next = text[1];
        text.remove_prefix(2);
        if (next == '}') return labels;
        if (next != ',') return std::nullopt;
    }
}

std::optional<Sample> read_sample(std::string_view line) {
    Sample sample;
    const auto name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos) return std::nullopt;
    sample.name = line.substr(0, name_end);
    const bool labelled = line[name_end] == '{';
    line.remove_prefix(name_end + (labelled ? 1 : 0));
    if (labelled) {
        auto labels = take_labels(line);
        if (!labels) return std::nullopt;
        sample.labels = std::move(*labels);
    }
    if (!is_name(sample.name) || !line.starts_with(' ')) return std::nullopt;
    std::size_t read = 0;
    const std::string number(line.substr(1));
    try {
        sample.value = std::stod(number, &read);
    } catch (const std::exception&) {
        return std::nullopt;
    }
    if (read != number.size()) return std::nullopt;
    return sample;
}

// A strict reader of exposition format 0.0.4: every line is HELP, then TYPE, then samples of that family, each family
// once.
std::map<std::string, Family> parse(const std::string& text) {
    std::map<std::string, Family> families;
    std::string current;
    EXPECT_TRUE(text.ends_with('\n'));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash, keyword, name;
        if (line.starts_with("# ")) {
            words >> hash >> keyword >> name;
            std::string rest;
            std::getline(words >> std::ws, rest);
            EXPECT_TRUE(is_name(name)) << line;
            if (keyword == "HELP") {
                EXPECT_FALSE(families.contains(name)) << "twice: " << name;
                EXPECT_FALSE(rest.empty()) << line;
                families[name].help = rest;
                current = name;
            } else {
                EXPECT_EQ(keyword, "TYPE") << line;
                EXPECT_EQ(name, current) << line;
                EXPECT_TRUE((std::set<std::string>{"counter", "gauge", "histogram"}.contains(rest))) << line;
                families[name].type = rest;
            }
            continue;
        }
        auto sample = read_sample(line);
        if (!sample) {
            ADD_FAILURE() << "not a sample: " << line;
            continue;
        }
        const auto& type = families[current].type;
        const auto suffix = sample->name.starts_with(current) ? sample->name.substr(current.size()) : "?";
        const std::set<std::string> suffixes =
            type == "histogram" ? std::set<std::string>{"_bucket", "_sum", "_count"} : std::set<std::string>{""};
        EXPECT_TRUE(suffixes.contains(suffix)) << line;
        families[current].samples.push_back(std::move(*sample));
    }
    return families;
}

double value_of(const CallMetrics& metrics, const std::string& name, const std::string& label = "") {
    const auto families = parse(metrics.render());
    const auto family = families.find(name);
    if (family == families.end()) return -1;
    for (const auto& sample : family->second.samples)
        if (label.empty() ? sample.labels.empty() : !sample.labels.empty() && sample.labels[0].second == label)
            return sample.value;
    return -1;
}

TEST(CallMetrics, are_well_formed_from_the_first_scrape) {
    const CallMetrics metrics;
    const auto families = parse(metrics.render());
    EXPECT_GE(families.size(), 15U);
    for (const auto& [name, family] : families) {
        EXPECT_TRUE(name.starts_with("mouthpiece_")) << name;
        EXPECT_EQ(name.ends_with("_total"), family.type == "counter") << name;
        EXPECT_EQ(name.ends_with("_seconds"), family.type == "histogram") << name;
    }
}

TEST(CallMetrics, every_outcome_is_there_before_it_happens) {
    const CallMetrics metrics;
    for (std::size_t i = 0; i < outcome_count; ++i)
        EXPECT_EQ(value_of(metrics, "mouthpiece_calls_total", name_of(static_cast<Outcome>(i))), 0);
}

TEST(CallMetrics, count_a_call_once_by_its_outcome) {
    CallMetrics metrics;
    metrics.stream_opened();
    metrics.stream_opened();
    EXPECT_EQ(metrics.streams_open(), 2U);
    Totals totals;
    totals.media_in = 50;
    totals.media_in_bytes = 8000;
    totals.ignored = 3;
    totals.dtmf = 4;
    totals.underruns = 1;
    totals.silence = 250ms;
    totals.overflows = 2;
    totals.sent = 12'340ms;
    totals.heard = 12s;
    metrics.stream_closed(Outcome::caller_hung_up, totals);
    EXPECT_EQ(value_of(metrics, "mouthpiece_websocket_connections_active"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_websocket_connections_total"), 2);
    EXPECT_EQ(value_of(metrics, "mouthpiece_calls_total", "caller_hung_up"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_calls_total", "completed"), 0);
    EXPECT_EQ(value_of(metrics, "mouthpiece_media_messages_total"), 50);
    EXPECT_EQ(value_of(metrics, "mouthpiece_media_bytes_total"), 8000);
    EXPECT_EQ(value_of(metrics, "mouthpiece_messages_ignored_total"), 3);
    EXPECT_EQ(value_of(metrics, "mouthpiece_dtmf_total"), 4);
    EXPECT_EQ(value_of(metrics, "mouthpiece_underruns_total"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_underrun_silence_seconds_total"), 0.25);
    EXPECT_EQ(value_of(metrics, "mouthpiece_playout_overflows_total"), 2);
    EXPECT_EQ(value_of(metrics, "mouthpiece_audio_sent_seconds_total"), 12.34);
    EXPECT_EQ(value_of(metrics, "mouthpiece_audio_heard_seconds_total"), 12);
}

TEST(CallMetrics, count_verbs_under_their_labels) {
    CallMetrics metrics;
    metrics.webhook_answered("connect");
    metrics.webhook_answered("connect");
    metrics.webhook_answered("busy");
    metrics.speech_started();
    metrics.speech_failed("voice_not_found");
    metrics.fell_back("embedded_voice");
    metrics.prepared_speech("expired");
    metrics.request_refused("signature");
    EXPECT_EQ(value_of(metrics, "mouthpiece_webhooks_total", "connect"), 2);
    EXPECT_EQ(value_of(metrics, "mouthpiece_webhooks_total", "busy"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_synthesis_requests_total"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "voice_not_found"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_fallbacks_total", "embedded_voice"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_prepared_speech_total", "expired"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_requests_refused_total", "signature"), 1);
    const auto text = metrics.render();
    for (const auto* line :
         {"mouthpiece_calls_total{outcome=\"completed\"} 0\n", "mouthpiece_webhooks_total{answer=\"connect\"} 2\n",
          "mouthpiece_errors_total{type=\"voice_not_found\"} 1\n",
          "mouthpiece_fallbacks_total{to=\"embedded_voice\"} 1\n",
          "mouthpiece_requests_refused_total{reason=\"signature\"} 1\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(CallMetrics, a_reason_becomes_a_label) {
    CallMetrics metrics;
    metrics.speech_failed("first audio timeout");
    metrics.speech_failed("Said \"no\\never\"\nand left");
    metrics.speech_failed(std::string(1000, 'x'));
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "first_audio_timeout"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "said__no_never__and_left"), 1);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", std::string(48, 'x')), 1);
}

TEST(CallMetrics, what_alerts_watch_is_there_before_it_happens) {
    const CallMetrics metrics;
    EXPECT_EQ(value_of(metrics, "mouthpiece_fallbacks_total", "embedded_voice"), 0);
    EXPECT_EQ(value_of(metrics, "mouthpiece_fallbacks_total", "apology"), 0);
    EXPECT_EQ(value_of(metrics, "mouthpiece_webhooks_total", "fallback"), 0);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "exception"), 0);
}

TEST(MetricFamily, labels_survive_quotes_backslashes_and_line_feeds) {
    std::string text;
    MetricFamily(text, "m_total", "counter", "Some.")
        .sample(std::uint64_t{1}, {{"a", "said \"no\\never\"\nand left"}, {"b", "plain"}});
    EXPECT_EQ(text, R"(# HELP m_total Some.
# TYPE m_total counter
m_total{a="said \"no\\never\"\nand left",b="plain"} 1
)");
    EXPECT_EQ(parse(text)["m_total"].samples.at(0).labels.at(0).second, "said \"no\\never\"\nand left");
}

TEST(MetricFamily, seconds_are_exact) {
    std::string text;
    MetricFamily(text, "m_seconds", "gauge", "Some.").sample(1'760'000'000'500'000us);
    EXPECT_TRUE(text.ends_with("m_seconds 1760000000.5\n")) << text;
}

TEST(CallMetrics, reasons_are_bounded) {
    CallMetrics metrics;
    for (int i = 0; i < 1000; ++i) metrics.speech_failed("reason " + std::to_string(i));
    metrics.speech_failed("reason 1");
    EXPECT_LE(parse(metrics.render())["mouthpiece_errors_total"].samples.size(), 65U);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "reason_1"), 2);
    EXPECT_EQ(value_of(metrics, "mouthpiece_errors_total", "other"), 937);
}

TEST(CallMetrics, histograms_are_cumulative_and_end_in_their_count) {
    CallMetrics metrics;
    for (const auto duration : {500us, 1000us, 1001us, 60'000us, 100'000'000us}) {
        metrics.first_media(duration);
        metrics.speech_first_audio(duration);
        metrics.speech_finished(duration);
    }
    for (const auto* name : {"mouthpiece_first_media_seconds", "mouthpiece_synthesis_first_audio_seconds",
                             "mouthpiece_synthesis_seconds"}) {
        const auto samples = parse(metrics.render())[name].samples;
        ASSERT_EQ(samples.size(), Histogram::bounds.size() + 3);
        double last_bound = 0, last_count = 0;
        for (std::size_t i = 0; i <= Histogram::bounds.size(); ++i) {
            ASSERT_EQ(samples[i].name, std::string(name) + "_bucket");
            ASSERT_EQ(samples[i].labels.at(0).first, "le");
            const auto bound = std::stod(samples[i].labels[0].second);  // reads +Inf too
            EXPECT_GT(bound, last_bound);
            EXPECT_GE(samples[i].value, last_count);
            last_bound = bound;
            last_count = samples[i].value;
        }
        EXPECT_EQ(samples[0].labels[0].second, "0.001");
        EXPECT_EQ(samples[0].value, 2) << "a bound belongs to its own bucket";
        EXPECT_EQ(samples[1].value, 3);
        const auto& infinite = samples[Histogram::bounds.size()];
        EXPECT_EQ(infinite.labels[0].second, "+Inf");
        EXPECT_EQ(infinite.value, 5);
        EXPECT_EQ(samples[Histogram::bounds.size() - 1].value, 4);
        EXPECT_EQ(samples.rbegin()[1].name, std::string(name) + "_sum");
        EXPECT_DOUBLE_EQ(samples.rbegin()[1].value, 100.062501);
        EXPECT_EQ(samples.rbegin()[0].name, std::string(name) + "_count");
        EXPECT_EQ(samples.rbegin()[0].value, infinite.value);
    }
}

}  // namespace
}  // namespace call
