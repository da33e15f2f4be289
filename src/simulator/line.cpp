#include "simulator/line.hpp"

#include "encoding/base64.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace simulator {

namespace {

constexpr std::size_t odd_size_max = 400;

std::string in_quotes(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

}  // namespace

Line::Line(Options options, Instant stream_start)
    : options_(std::move(options)),
      stream_start_(stream_start),
      random_(options_.seed),
      first_timestamp_(std::uniform_int_distribution<int>(100, 170)(random_)) {
    const std::vector<std::byte> silence(audio::frame_bytes, audio::mulaw_silence);
    silence_payload_ = encoding::to_base64(silence);
    options_.burst_frames = std::max<std::size_t>(options_.burst_frames, 1);
    plan_next();
}

std::string Line::sequence() {
    return std::to_string(++sequence_);
}

std::string Line::connected() {
    return R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
}

std::string Line::start() {
    std::string parameters;
    for (const auto& [name, value] : options_.parameters) {
        if (!parameters.empty()) parameters += ',';
        parameters += in_quotes(name) + ':' + in_quotes(value);
    }
    return fmt::format(
        R"({{"event":"start","sequenceNumber":"{}","start":{{"accountSid":"{}","streamSid":"{}","callSid":"{}",)"
        R"("tracks":["inbound"],"mediaFormat":{{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}},)"
        R"("customParameters":{{{}}}}},"streamSid":"{}"}})",
        sequence(), options_.account_sid, options_.stream_sid, options_.call_sid, parameters, options_.stream_sid);
}

std::string Line::mark(std::string_view name) {
    return fmt::format(R"({{"event":"mark","sequenceNumber":"{}","streamSid":"{}","mark":{{"name":{}}}}})", sequence(),
                       options_.stream_sid, in_quotes(name));
}

std::string Line::stop() {
    return fmt::format(
        R"({{"event":"stop","sequenceNumber":"{}","streamSid":"{}","stop":{{"accountSid":"{}","callSid":"{}"}}}})",
        sequence(), options_.stream_sid, options_.account_sid, options_.call_sid);
}

void Line::take_due(Instant now, const std::function<void(std::string_view)>& send) {
    while (next_due_ <= now) {
        message_.clear();
        if (next_key_ < options_.keys.size() && stream_start_ + options_.keys[next_key_].at <= next_due_) {
            append_key(message_, options_.keys[next_key_++].digit);
        } else {
            append_media(message_);
            plan_next();
        }
        send(message_);
    }
}

void Line::plan_next() {
    if (options_.odd_sizes) {
        frame_bytes_ = std::uniform_int_distribution<std::size_t>(1, odd_size_max)(random_);
    }
    if (in_burst_ == 0) {
        // A burst leaves when the last of its frames is there.
        next_due_ = std::max(next_due_, stream_start_ + departure());
    }
    in_burst_ = (in_burst_ + 1) % options_.burst_frames;
}

std::chrono::nanoseconds Line::departure() {
    std::chrono::nanoseconds due =
        first_timestamp_ + sent_ + (options_.burst_frames - 1) * audio::duration_of(frame_bytes_);
    if (options_.jitter.count() > 0) {
        const auto most = std::chrono::nanoseconds(options_.jitter).count();
        due += std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, most)(random_));
    }
    for (const Outage& outage : options_.outages) {
        if (due >= outage.begins && due < outage.begins + outage.length) due = outage.begins + outage.length;
    }
    return due;
}

void Line::append_media(std::string& out) {
    const auto timestamp = std::chrono::duration_cast<std::chrono::milliseconds>(first_timestamp_ + sent_).count();
    fmt::format_to(
        std::back_inserter(out),
        R"({{"event":"media","sequenceNumber":"{}","media":{{"track":"inbound","chunk":"{}","timestamp":"{}",)"
        R"("payload":")",
        ++sequence_, ++chunk_, timestamp);
    const auto caller = options_.caller_audio.bytes();
    const std::size_t speaking = std::min(frame_bytes_, caller.size() - caller_offset_);
    if (speaking == 0 && frame_bytes_ == audio::frame_bytes) {
        out += silence_payload_;
    } else {
        std::vector<std::byte> frame(frame_bytes_, audio::mulaw_silence);
        std::ranges::copy(caller.subspan(caller_offset_, speaking), frame.begin());
        encoding::append_base64(out, frame);
    }
    fmt::format_to(std::back_inserter(out), R"("}},"streamSid":"{}"}})", options_.stream_sid);
    caller_offset_ += speaking;
    sent_ += audio::duration_of(frame_bytes_);
}

void Line::append_key(std::string& out, char digit) {
    fmt::format_to(
        std::back_inserter(out),
        R"({{"event":"dtmf","streamSid":"{}","sequenceNumber":"{}","dtmf":{{"track":"inbound_track","digit":"{}"}}}})",
        options_.stream_sid, ++sequence_, digit);
}

}  // namespace simulator
