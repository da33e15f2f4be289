#include "simulator/call_report.hpp"

#include "audio/loudness.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace simulator {

namespace {

constexpr std::size_t bars_width = 72;

double milliseconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}
double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string describe_stream(const StreamReport& stream) {
    std::string text;
    const auto line = [&text](std::string_view label, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "  {:<12} {}\n", label, value);
    };
    const Ear& ear = stream.ear;
    if (stream.start_to_first_audio) {
        line("first word",
             fmt::format("{:.1f} ms after pick-up, {:.1f} ms after the webhook was asked",
                         milliseconds(*stream.start_to_first_audio), milliseconds(*stream.webhook_to_first_audio)));
        line("heard", fmt::format("{:.2f} s in {} messages ({} not whole 20 ms frames), {} marks reached, {} clears",
                                  seconds(ear.heard()), ear.messages(), ear.ragged_messages(), ear.marks_reached(),
                                  ear.clears()));
        line("sent ahead", fmt::format("at most {:.2f} s", seconds(ear.buffered_most())));
    } else {
        line("heard", "nothing");
    }
    std::string gaps = ear.gaps().empty() ? "none" : fmt::format("{}", ear.gaps().size());
    for (const Gap& gap : ear.gaps()) {
        fmt::format_to(std::back_inserter(gaps), "\n               {:.1f} ms after {:.3f} s", milliseconds(gap.length),
                       seconds(gap.position));
    }
    line("gaps", gaps);
    if (!ear.recording().empty()) line("loudness", '|' + audio::loudness_bars(ear.recording(), bars_width) + '|');
    line("stream", fmt::format("{:.2f} s, {}{}", seconds(stream.length), name(stream.end),
                               stream.close_code == 0 ? "" : fmt::format(" (close code {})", stream.close_code)));
    return text;
}

// From the last sample heard on the former stream to the first on this one.
std::optional<std::chrono::nanoseconds> silence_between(const StreamReport& former, const StreamReport& stream) {
    if (!former.ear.heard_anything() || !stream.ear.first_audio()) return std::nullopt;
    return *stream.ear.first_audio() - former.ear.dry_at();
}

boost::json::object stream_to_json(const StreamReport& stream, const StreamReport* former) {
    const Ear& ear = stream.ear;
    boost::json::array gaps;
    for (const Gap& gap : ear.gaps()) {
        gaps.push_back(
            boost::json::object{{"position_ms", milliseconds(gap.position)}, {"length_ms", milliseconds(gap.length)}});
    }
    const auto optional_ms = [](const std::optional<std::chrono::nanoseconds>& duration) {
        return duration ? boost::json::value(milliseconds(*duration)) : boost::json::value(nullptr);
    };
    return {{"stream_sid", stream.stream_sid},
            {"end", name(stream.end)},
            {"close_code", stream.close_code},
            {"close_reason", stream.close_reason},
            {"webhook_to_start_ms", optional_ms(stream.webhook_to_start)},
            {"start_to_first_audio_ms", optional_ms(stream.start_to_first_audio)},
            {"webhook_to_first_audio_ms", optional_ms(stream.webhook_to_first_audio)},
            {"silence_before_ms", optional_ms(former ? silence_between(*former, stream) : std::nullopt)},
            {"length_ms", milliseconds(stream.length)},
            {"heard_ms", milliseconds(ear.heard())},
            {"heard_bytes", ear.bytes_received() - ear.bytes_discarded() - ear.bytes_cleared()},
            {"unheard_bytes", ear.bytes_cleared()},
            {"discarded_bytes", ear.bytes_discarded()},
            {"messages", ear.messages()},
            {"ragged_messages", ear.ragged_messages()},
            {"marks_reached", ear.marks_reached()},
            {"clears", ear.clears()},
            {"buffered_most_ms", milliseconds(ear.buffered_most())},
            {"longest_silence_ms", milliseconds(longest_silence(ear.recording()))},
            {"gaps", std::move(gaps)},
            {"bad_frames", stream.bad_frames},
            {"frames_sent", stream.frames_sent},
            {"simulator_lateness_ms", milliseconds(stream.lateness)}};
}

boost::json::array strings(const std::vector<std::string>& texts) {
    return boost::json::array(texts.begin(), texts.end());
}

// The value that `percent` of all are not above.
std::chrono::nanoseconds percentile(std::vector<std::chrono::nanoseconds> values, std::size_t percent) {
    if (values.empty()) return {};
    const std::size_t rank = std::min((values.size() * percent + 99) / 100, values.size());
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::ranges::nth_element(values, place);
    return *place;
}

}  // namespace

std::string_view name(Outcome outcome) {
    switch (outcome) {
        case Outcome::completed:
            return "completed";
        case Outcome::rejected:
            return "rejected";
        case Outcome::application_error:
            return "application error";
    }
    return "";
}

std::string_view name(StreamEnd end) {
    switch (end) {
        case StreamEnd::not_opened:
            return "not opened";
        case StreamEnd::caller_hung_up:
            return "the caller hung up";
        case StreamEnd::server_closed:
            return "the server closed it";
        case StreamEnd::lost:
            return "lost";
        case StreamEnd::protocol_error:
            return "protocol error";
        case StreamEnd::dropped_by_caller:
            return "dropped on purpose";
    }
    return "";
}

bool CallReport::heard_speech() const {
    return !spoken.empty() || std::ranges::any_of(streams, [](const StreamReport& s) { return s.ear.heard_sound(); });
}

std::size_t CallReport::gaps() const {
    std::size_t count = 0;
    for (const StreamReport& stream : streams) count += stream.ear.gaps().size();
    return count;
}

std::vector<std::byte> CallReport::recording() const {
    std::vector<std::byte> all;
    for (const StreamReport& stream : streams) {
        all.insert(all.end(), stream.ear.recording().begin(), stream.ear.recording().end());
    }
    return all;
}

std::string describe(const CallReport& report) {
    std::string text = fmt::format("call {}: {}\n", report.call_sid, name(report.outcome));
    fmt::format_to(std::back_inserter(text), "  {:<12} answered in {:.1f} ms; TwiML: {}\n", "webhook",
                   milliseconds(report.webhook_time), fmt::join(report.steps, ", "));
    for (const StreamReport& stream : report.streams) text += describe_stream(stream);
    for (const std::string& spoken : report.spoken) {
        fmt::format_to(std::back_inserter(text), "  {:<12} \"{}\"\n", "Twilio said", spoken);
    }
    for (const Notice& notice : report.notices) {
        fmt::format_to(std::back_inserter(text), "  {:<12} {}{}\n", "warning", notice.text,
                       notice.code == 0 ? "" : fmt::format(" (Twilio {})", notice.code));
    }
    return text;
}

boost::json::object to_json(const CallReport& report) {
    boost::json::array streams, notices;
    const StreamReport* former = nullptr;
    for (const StreamReport& stream : report.streams) {
        streams.push_back(stream_to_json(stream, former));
        former = &stream;
    }
    for (const Notice& notice : report.notices) {
        notices.push_back(boost::json::object{{"code", notice.code}, {"text", notice.text}});
    }
    return {{"call_sid", report.call_sid},
            {"outcome", name(report.outcome)},
            {"flawless", report.flawless()},
            {"heard_speech", report.heard_speech()},
            {"webhook_ms", milliseconds(report.webhook_time)},
            {"length_ms", milliseconds(report.length)},
            {"steps", strings(report.steps)},
            {"spoken", strings(report.spoken)},
            {"notices", std::move(notices)},
            {"streams", std::move(streams)}};
}

void CallSummary::add(const CallReport& report) {
    ++calls_;
    flawless_ += report.flawless();
    heard_ += report.heard_speech();
    gaps_ += report.gaps();
    notices_ += report.notices.size();
    application_errors_ += report.outcome == Outcome::application_error;
    rejected_ += report.outcome == Outcome::rejected;
    webhook_times_.push_back(report.webhook_time);
    for (const StreamReport& stream : report.streams) {
        longest_gap_ = std::max(longest_gap_, stream.ear.longest_gap());
        lateness_ = std::max(lateness_, stream.lateness);
        if (!stream.start_to_first_audio) continue;
        first_audio_.push_back(*stream.start_to_first_audio);
        webhook_to_first_audio_.push_back(*stream.webhook_to_first_audio);
    }
    for (const Notice& notice : report.notices) {
        const auto same = std::ranges::find(distinct_notices_, notice, &std::pair<Notice, std::size_t>::first);
        if (same != distinct_notices_.end()) {
            ++same->second;
        } else if (distinct_notices_.size() < 20) {
            distinct_notices_.emplace_back(notice, 1);
        }
    }
}

std::string CallSummary::describe() const {
    std::string text = fmt::format(
        "{} calls: {} heard speech, {} of them without a gap or a warning\n"
        "  gaps         {} (longest {:.1f} ms; this simulator's own timers were up to {:.1f} ms late)\n"
        "  first word   p50 {:.2f} ms, p99 {:.2f} ms after pick-up\n"
        "  webhook      p50 {:.1f} ms, p99 {:.1f} ms\n",
        calls_, heard_, flawless_, gaps_, milliseconds(longest_gap_), milliseconds(lateness_),
        milliseconds(percentile(first_audio_, 50)), milliseconds(percentile(first_audio_, 99)),
        milliseconds(percentile(webhook_times_, 50)), milliseconds(percentile(webhook_times_, 99)));
    if (rejected_ > 0) fmt::format_to(std::back_inserter(text), "  rejected     {}\n", rejected_);
    if (application_errors_ > 0) fmt::format_to(std::back_inserter(text), "  no TwiML     {}\n", application_errors_);
    for (const auto& [notice, count] : distinct_notices_) {
        fmt::format_to(std::back_inserter(text), "  warning      {} x {}{}\n", count, notice.text,
                       notice.code == 0 ? "" : fmt::format(" (Twilio {})", notice.code));
    }
    return text;
}

boost::json::object CallSummary::to_json() const {
    return {{"calls", calls_},
            {"flawless", flawless_},
            {"heard_speech", heard_},
            {"gaps", gaps_},
            {"longest_gap_ms", milliseconds(longest_gap_)},
            {"notices", notices_},
            {"rejected", rejected_},
            {"application_errors", application_errors_},
            {"first_audio_p50_ms", milliseconds(percentile(first_audio_, 50))},
            {"first_audio_p99_ms", milliseconds(percentile(first_audio_, 99))},
            {"webhook_to_first_audio_p50_ms", milliseconds(percentile(webhook_to_first_audio_, 50))},
            {"webhook_to_first_audio_p99_ms", milliseconds(percentile(webhook_to_first_audio_, 99))},
            {"webhook_p50_ms", milliseconds(percentile(webhook_times_, 50))},
            {"webhook_p99_ms", milliseconds(percentile(webhook_times_, 99))},
            {"simulator_lateness_ms", milliseconds(lateness_)}};
}

}  // namespace simulator
