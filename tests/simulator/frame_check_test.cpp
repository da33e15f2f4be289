#include "simulator/frame_check.hpp"

#include "encoding/base64.hpp"
#include "twilio/stream_message.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view sid = "MZ0123456789abcdef0123456789abcdef";

std::string with_sid(std::string text) {
    const std::string place = "SID";
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at))
        text.replace(at, place.size(), sid);
    return text;
}

std::string fault_of(const std::string& text) {
    FrameCheck check;
    const auto frame = check.read(with_sid(text), sid);
    if (frame) return "accepted";
    EXPECT_EQ(frame.error().code, code::stream_bad_message);
    return frame.error().text;
}

TEST(FrameCheck, reads_what_our_own_encoder_writes) {
    FrameCheck check;
    const std::vector<std::byte> audio{std::byte{0xFF}, std::byte{0}, std::byte{0x7F}, std::byte{0x80}};
    std::string text;
    twilio::append_media(text, sid, audio);
    auto frame = check.read(text, sid);
    ASSERT_TRUE(frame) << frame.error().text;
    EXPECT_TRUE(std::ranges::equal(std::get<ServerMedia>(*frame).mulaw, audio));

    text.clear();
    twilio::append_mark(text, sid, "end \"1\"");
    frame = check.read(text, sid);
    ASSERT_TRUE(frame) << frame.error().text;
    EXPECT_EQ(std::get<ServerMark>(*frame).name, "end \"1\"");

    text.clear();
    twilio::append_clear(text, sid);
    frame = check.read(text, sid);
    ASSERT_TRUE(frame) << frame.error().text;
    EXPECT_TRUE(std::holds_alternative<ServerClear>(*frame));
}

TEST(FrameCheck, accepts_any_spelling_of_the_same_json) {
    FrameCheck check;
    for (const char* text : {R"( { "streamSid" : "SID" , "media" : { "payload" : "AP//" } , "event" : "media" } )",
                             R"({"event":"m\u0065dia","streamSid":"SID","media":{"payload":"AP\/\/"}})",
                             R"({"event":"media","streamSid":"SID","media":{"payload":"AP\/\/"}})"}) {
        const auto frame = check.read(with_sid(text), sid);
        ASSERT_TRUE(frame) << text << ": " << frame.error().text;
        const auto mulaw = std::get<ServerMedia>(*frame).mulaw;
        ASSERT_EQ(mulaw.size(), 3u);
        EXPECT_EQ(mulaw[1], std::byte{0xFF});
    }
}

TEST(FrameCheck, names_what_is_wrong) {
    EXPECT_EQ(fault_of("hello"), "not a JSON object");
    EXPECT_EQ(fault_of("[]"), "not a JSON object");
    EXPECT_EQ(fault_of("{}"), R"(missing field "event")");
    EXPECT_EQ(fault_of(R"({"event":"play","streamSid":"SID"})"), R"(unknown event "play")");
    EXPECT_EQ(fault_of(R"({"event":"clear"})"), R"(missing field "streamSid")");
    EXPECT_EQ(fault_of(R"({"event":"clear","streamSid":"MZ1"})"), "streamSid of another stream");
    EXPECT_EQ(fault_of(R"({"event":"clear","stream_sid":"SID"})"), R"(extra field "stream_sid")");
    EXPECT_EQ(fault_of(R"({"event":"clear","streamSid":1})"), R"(field "streamSid" is not a string)");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID"})"), R"(missing field "media")");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":"AAAA"})"), R"(field "media" is not an object)");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":{}})"), R"(missing field "media.payload")");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AAAA","track":"outbound"}})"),
              R"(extra field "media.track")");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AA=A"}})"),
              "the payload is not base64");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AAA"}})"),
              "the payload is not base64");
    EXPECT_EQ(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AA\nAA"}})"),
              "the payload is not base64");
    EXPECT_EQ(fault_of(R"({"event":"mark","streamSid":"SID"})"), R"(missing field "mark")");
    EXPECT_EQ(fault_of(R"({"event":"clear","streamSid":"SID","mark":{"name":"x"}})"), R"(extra field "mark")");
    EXPECT_EQ(fault_of(R"({"event":"clear","event":"clear","streamSid":"SID"})"), R"(field "event" twice)");
    EXPECT_EQ(fault_of(R"({"event":"clear","streamSid":"SID"}{})"), "something behind the JSON object");
    EXPECT_EQ(fault_of(R"({"event":"clear","streamSid":"SID","sequenceNumber":"1"})"),
              R"(extra field "sequenceNumber")");
}

TEST(FrameCheck, the_common_spelling_is_no_looser_than_the_others) {
    // Begins and ends like a media message, but smuggles a field into the payload's place.
    EXPECT_NE(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AAAA","payload":"AAAA"}})"),
              "accepted");
    EXPECT_NE(fault_of(R"({"event":"media","streamSid":"SID","media":{"payload":"AAAA"},"x":{"y":"z"}})"), "accepted");
    EXPECT_NE(fault_of(R"({"event":"media","streamSid":"SIDx","media":{"payload":"AAAA"}})"), "accepted");
}

}  // namespace
}  // namespace simulator
