#include "simulator/line.hpp"

#include "encoding/base64.hpp"
#include "twilio/stream_message.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace simulator {
namespace {

using namespace std::chrono_literals;

const Instant pick_up{1'000s};

Line::Options ids() {
    Line::Options options;
    options.account_sid = "AC1";
    options.call_sid = "CA1";
    options.stream_sid = "MZ1";
    return options;
}

struct Sent {
    Instant at;
    std::string text;
};

// Looks every millisecond, as a loop would.
std::vector<Sent> run(Line& line, std::chrono::milliseconds length) {
    std::vector<Sent> sent;
    for (auto at = 0ms; at <= length; at += 1ms) {
        line.take_due(pick_up + at, [&](std::string_view text) { sent.push_back({pick_up + at, std::string(text)}); });
    }
    return sent;
}

TEST(Line, writes_the_messages_as_captured_from_live_calls) {
    auto options = ids();
    options.parameters = {{"token", "a\"b"}};
    options.keys = {{0ms, '#'}};
    Line line(options, pick_up);
    EXPECT_EQ(Line::connected(), R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
    EXPECT_EQ(line.start(),
              R"({"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1",)"
              R"("tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},)"
              R"("customParameters":{"token":"a\"b"}},"streamSid":"MZ1"})");
    const auto sent = run(line, 200ms);
    ASSERT_GE(sent.size(), 2u);
    EXPECT_EQ(
        sent[0].text,
        R"({"event":"dtmf","streamSid":"MZ1","sequenceNumber":"2","dtmf":{"track":"inbound_track","digit":"#"}})");
    const std::string prefix =
        R"({"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":")";
    EXPECT_TRUE(sent[1].text.starts_with(prefix)) << sent[1].text;
    EXPECT_TRUE(sent[1].text.ends_with(R"(="},"streamSid":"MZ1"})")) << sent[1].text;
    EXPECT_EQ(Line(ids(), pick_up).mark("m"),
              R"({"event":"mark","sequenceNumber":"1","streamSid":"MZ1","mark":{"name":"m"}})");
    EXPECT_EQ(Line(ids(), pick_up).stop(),
              R"({"event":"stop","sequenceNumber":"1","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}})");
}

TEST(Line, sends_a_frame_of_silence_every_20_ms_from_the_first_timestamp_on) {
    for (std::uint32_t seed = 1; seed < 20; ++seed) {
        auto options = ids();
        options.seed = seed;
        Line line(options, pick_up);
        EXPECT_GE(line.first_timestamp(), 100ms);
        EXPECT_LE(line.first_timestamp(), 170ms);
        const auto sent = run(line, 1'000ms);
        const auto expected = (1'000ms - line.first_timestamp()) / 20ms + 1;
        ASSERT_EQ(sent.size(), static_cast<std::size_t>(expected));
        twilio::StreamMessageParser parser;
        for (std::size_t i = 0; i < sent.size(); ++i) {
            const auto message = parser.parse(sent[i].text);
            ASSERT_TRUE(message);
            const auto& media = std::get<twilio::Media>(*message);
            EXPECT_EQ(media.timestamp, line.first_timestamp() + i * 20ms);
            EXPECT_EQ(sent[i].at, pick_up + media.timestamp);
            const auto payload = encoding::from_base64(media.payload_base64);
            ASSERT_TRUE(payload);
            EXPECT_EQ(*payload, std::vector<std::byte>(160, audio::mulaw_silence));
        }
    }
}

TEST(Line, makes_up_for_a_late_wake_up) {
    Line line(ids(), pick_up);
    std::size_t count = 0;
    line.take_due(pick_up + 10s, [&](std::string_view) { ++count; });
    EXPECT_EQ(count, static_cast<std::size_t>((10'000ms - line.first_timestamp()) / 20ms + 1));
    EXPECT_GT(line.next_due(), pick_up + 10s);
}

TEST(Line, says_what_the_caller_says_and_then_is_silent) {
    auto options = ids();
    options.caller_audio = audio::Clip(std::vector<std::byte>(200, std::byte{0x12}));
    Line line(options, pick_up);
    const auto sent = run(line, 240ms);
    ASSERT_GE(sent.size(), 3u);
    std::vector<std::byte> said;
    for (const auto& message : sent) {
        const auto from = message.text.find(R"("payload":")") + 11;
        ASSERT_TRUE(encoding::append_from_base64(said, std::string_view(message.text).substr(from, 216)));
    }
    EXPECT_EQ(std::ranges::count(said, std::byte{0x12}), 200);
    EXPECT_EQ(said[199], std::byte{0x12});
    EXPECT_EQ(said[200], audio::mulaw_silence);
}

TEST(Line, bursts_leave_together_and_lose_nothing) {
    auto options = ids();
    options.burst_frames = 5;
    Line line(options, pick_up);
    const auto sent = run(line, 1'200ms);
    ASSERT_GE(sent.size(), 45u);
    for (std::size_t i = 0; i + 4 < sent.size(); i += 5) EXPECT_EQ(sent[i].at, sent[i + 4].at);
    EXPECT_EQ(sent[5].at - sent[0].at, 100ms);
}

TEST(Line, jitter_delays_but_never_reorders_or_drifts) {
    auto options = ids();
    options.jitter = 50ms;
    Line line(options, pick_up);
    const auto sent = run(line, 5'000ms);
    bool irregular = false;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const Instant nominal = pick_up + line.first_timestamp() + i * 20ms;
        EXPECT_GE(sent[i].at, nominal);
        EXPECT_LE(sent[i].at, nominal + 51ms);
        EXPECT_TRUE(sent[i].text.contains("\"chunk\":\"" + std::to_string(i + 1) + "\""));
        irregular = irregular || (i > 0 && sent[i].at - sent[i - 1].at != 20ms);
    }
    EXPECT_TRUE(irregular);
}

TEST(Line, an_outage_holds_messages_back_until_its_end) {
    auto options = ids();
    options.outages = {{300ms, 400ms}};
    Line line(options, pick_up);
    const auto sent = run(line, 1'000ms);
    EXPECT_EQ(
        std::ranges::count_if(sent, [](const Sent& s) { return s.at >= pick_up + 300ms && s.at < pick_up + 700ms; }),
        0);
    EXPECT_GE(std::ranges::count_if(sent, [](const Sent& s) { return s.at == pick_up + 700ms; }), 20);
}

TEST(Line, odd_sizes_keep_real_time) {
    auto options = ids();
    options.odd_sizes = true;
    Line line(options, pick_up);
    const auto sent = run(line, 3'000ms);
    twilio::StreamMessageParser parser;
    std::chrono::microseconds spoken{};
    std::size_t ragged = 0;
    for (const auto& message : sent) {
        const auto parsed = parser.parse(message.text);
        ASSERT_TRUE(parsed);
        const auto payload = encoding::from_base64(std::get<twilio::Media>(*parsed).payload_base64);
        spoken += audio::duration_of(payload->size());
        ragged += payload->size() != 160;
    }
    EXPECT_GT(ragged, sent.size() / 2);
    EXPECT_NEAR(std::chrono::duration<double>(spoken).count(), 2.88, 0.12);
}

}  // namespace
}  // namespace simulator
