#include "twilio/stream_message.hpp"

#include "encoding/base64.hpp"
#include "twilio/media_scan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using twilio::ParseError;

// A message of the expected kind, or a failed test.
template <class Message>
Message parsed(twilio::StreamMessageParser& parser, std::string_view text) {
    const auto message = parser.parse(text);
    if (!message || !std::holds_alternative<Message>(*message)) {
        ADD_FAILURE() << "not accepted as expected: " << text;
        return {};
    }
    return std::get<Message>(*message);
}

template <class Message>
Message parsed(std::string_view text) {
    static_assert(!std::is_same_v<Message, twilio::Media>, "views need a parser that stays");
    twilio::StreamMessageParser parser;
    return parsed<Message>(parser, text);
}

void expect_error(ParseError expected, std::string_view text) {
    twilio::StreamMessageParser parser;
    const auto message = parser.parse(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error(), expected) << text;
}

constexpr std::string_view captured_start =
    R"({"event":"start","sequenceNumber":"1","start":{"accountSid":"AC01","streamSid":"MZ01","callSid":"CA01","tracks":["inbound"],)"
    R"("mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"t\u0030","b":""}},)"
    R"("streamSid":"MZ01"})";
constexpr std::string_view captured_media =
    R"({"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"/38A+w=="},"streamSid":"MZ01"})";

TEST(StreamMessage, reads_connected) {
    parsed<twilio::Connected>(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
}

TEST(StreamMessage, reads_start) {
    const auto started = parsed<twilio::Started>(captured_start);
    EXPECT_EQ(started.stream_sid, "MZ01");
    EXPECT_EQ(started.call_sid, "CA01");
    EXPECT_EQ(started.account_sid, "AC01");
    EXPECT_EQ(started.encoding, "audio/x-mulaw");
    EXPECT_EQ(started.sample_rate_hz, 8000);
    const std::vector<std::pair<std::string, std::string>> parameters{{"token", "t0"}, {"b", ""}};
    EXPECT_EQ(started.custom_parameters, parameters);
}

TEST(StreamMessage, reads_a_bare_start) {
    const auto started = parsed<twilio::Started>(R"({"event":"start","start":{"callSid":"CA01","streamSid":"MZ01"}})");
    EXPECT_EQ(started.stream_sid, "MZ01");
    EXPECT_EQ(started.call_sid, "CA01");
    EXPECT_EQ(started.account_sid, "");
    EXPECT_EQ(started.encoding, "audio/x-mulaw");
    EXPECT_EQ(started.sample_rate_hz, 8000);
    EXPECT_TRUE(started.custom_parameters.empty());
}

TEST(StreamMessage, takes_the_stream_sid_of_a_start_from_either_place) {
    EXPECT_EQ(parsed<twilio::Started>(R"({"event":"start","streamSid":"MZ01","start":{"callSid":"CA01"}})").stream_sid,
              "MZ01");
    expect_error(ParseError::bad_field,
                 R"({"event":"start","streamSid":"MZ01","start":{"callSid":"CA01","streamSid":"MZ02"}})");
    expect_error(ParseError::missing_field, R"({"event":"start","start":{"callSid":"CA01"}})");
    expect_error(ParseError::missing_field, R"({"event":"start","streamSid":"MZ01","start":{"callSid":""}})");
    expect_error(ParseError::missing_field, R"({"event":"start","streamSid":"MZ01","callSid":"CA01"})");
}

TEST(StreamMessage, reads_an_announced_format) {
    const auto started = parsed<twilio::Started>(
        R"({"event":"start","start":{"callSid":"CA01","streamSid":"MZ01","mediaFormat":{"encoding":"audio/l16","sampleRate":"16000"}}})");
    EXPECT_EQ(started.encoding, "audio/l16");
    EXPECT_EQ(started.sample_rate_hz, 16000);
    for (const auto rate : {"0", "-8000", "8000.5", "999999999", "true", R"("8k")", "[]"}) {
        expect_error(ParseError::bad_field,
                     R"({"event":"start","start":{"callSid":"CA01","streamSid":"MZ01","mediaFormat":{"sampleRate":)" +
                         std::string(rate) + "}}}");
    }
}

TEST(StreamMessage, refuses_custom_parameters_it_cannot_keep) {
    const auto with = [](const std::string& parameters) {
        return R"({"event":"start","start":{"callSid":"CA01","streamSid":"MZ01","customParameters":)" + parameters +
               "}}";
    };
    EXPECT_TRUE(parsed<twilio::Started>(with("null")).custom_parameters.empty());
    const std::string longest(twilio::custom_parameter_bytes_max - 1, 'v');
    EXPECT_EQ(parsed<twilio::Started>(with(R"({"n":")" + longest + R"("})")).custom_parameters.at(0).second, longest);
    expect_error(ParseError::bad_field, with(R"({"n":")" + longest + R"(v"})"));
    expect_error(ParseError::bad_field, with(R"({"n":1})"));
    expect_error(ParseError::bad_field, with(R"({"n":"1","n":"2"})"));
    expect_error(ParseError::bad_field, with(R"([])"));
    std::string many = "{";
    for (std::size_t i = 0; i < twilio::custom_parameters_max; ++i) many += "\"" + std::to_string(i) + "\":\"\",";
    EXPECT_EQ(parsed<twilio::Started>(with(many.substr(0, many.size() - 1) + "}")).custom_parameters.size(), 100U);
    expect_error(ParseError::bad_field, with(many + R"("one more":""})"));
}

TEST(StreamMessage, reads_media_in_every_key_order_and_spelling) {
    const std::vector<std::string> spellings{
        std::string(captured_media),
        R"({"event":"media","streamSid":"MZ01","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"/38A+w=="}})",
        R"({"event":"media","streamSid":"MZ01","media":{"payload":"/38A+w==","timestamp":"155","track":"inbound"}})",
        R"({"streamSid":"MZ01","media":{"payload":"/38A+w==","timestamp":155,"track":"inbound"},"event":"media"})",
        R"({ "event": "media", "sequenceNumber": 2, "media": { "track": "inbound", "chunk": 1, "timestamp": "155", "payload": "/38A+w==" }, "streamSid": "MZ01" })",
        R"({"event":"media","media":{"timestamp":"155","payload":"\/38A+w=\u003d"},"streamSid":"M\u005a01","new":[{"a":null}]})",
    };
    twilio::StreamMessageParser parser;
    for (const std::string& text : spellings) {
        const auto media = parsed<twilio::Media>(parser, text);
        EXPECT_EQ(media.stream_sid, "MZ01") << text;
        EXPECT_EQ(media.track, "inbound") << text;
        EXPECT_EQ(media.payload_base64, "/38A+w==") << text;
        EXPECT_EQ(media.timestamp, 155ms) << text;
    }
}

TEST(StreamMessage, reads_media_with_only_a_payload) {
    twilio::StreamMessageParser parser;
    const auto media = parsed<twilio::Media>(parser, R"({"event":"media","media":{"payload":""}})");
    EXPECT_EQ(media.stream_sid, "");
    EXPECT_EQ(media.track, "inbound");
    EXPECT_EQ(media.payload_base64, "");
    EXPECT_EQ(media.timestamp, 0ms);
}

TEST(StreamMessage, takes_the_form_of_twilio_on_the_fast_path) {
    EXPECT_TRUE(twilio::scan_media(captured_media));
    EXPECT_TRUE(twilio::scan_media(
        R"({"event":"media","streamSid":"MZ01","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"/38A+w=="}})"));
    EXPECT_FALSE(twilio::scan_media(captured_start));
}

TEST(StreamMessage, finds_a_character_that_needs_care_wherever_it_stands_in_a_payload) {
    twilio::StreamMessageParser parser;
    for (std::size_t at = 0; at < 40; ++at) {
        const auto with = [at](std::string_view special) {
            std::string payload(40, 'A');
            payload.replace(at, 1, special);
            return R"({"event":"media","media":{"track":"inbound","timestamp":"1","payload":")" + payload + R"("}})";
        };
        EXPECT_EQ(parsed<twilio::Media>(parser, with(R"(\/)")).payload_base64[at], '/');
        EXPECT_EQ(parsed<twilio::Media>(parser, with("é")).payload_base64.substr(at, 2), "é");
        EXPECT_EQ(parsed<twilio::Media>(parser, with("\x7F")).payload_base64[at], '\x7F');
        for (const std::string_view broken : {"\n", "\x1F", "\x80", "\"", "\\"})
            expect_error(ParseError::not_json, with(broken));
    }
}

TEST(StreamMessage, finds_a_character_that_needs_care_in_the_last_bytes_of_a_text) {
    const auto with = [](std::string_view sid) {
        return R"({"event":"media","media":{"track":"inbound","timestamp":"1","payload":""},"streamSid":")" +
               std::string(sid) + "\"}";
    };
    twilio::StreamMessageParser parser;
    EXPECT_EQ(parsed<twilio::Media>(parser, with("é")).stream_sid, "é");
    EXPECT_EQ(parsed<twilio::Media>(parser, with(R"(\/)")).stream_sid, "/");
    for (const std::string_view broken : {"\x80", "\n", "\"", "\\"}) expect_error(ParseError::not_json, with(broken));
}

TEST(StreamMessage, keeps_no_state_between_messages) {
    twilio::StreamMessageParser parser;
    const std::string large = R"({"event":"mark","mark":{"name":"x"},"filler":")" + std::string(100'000, 'a') + "\"}";
    EXPECT_EQ(parsed<twilio::Mark>(parser, large).name, "x");
    EXPECT_FALSE(parser.parse("{"));
    EXPECT_EQ(parsed<twilio::Mark>(parser, R"({"event":"mark","mark":{"name":"y"}})").name, "y");
    EXPECT_EQ(parsed<twilio::Media>(parser, captured_media).timestamp, 155ms);
    EXPECT_FALSE(parser.parse(R"({"event":"mark","mark":{"name":"y")"));
}

TEST(StreamMessage, refuses_media_fields_of_the_wrong_kind) {
    for (const std::string_view media :
         {R"({"payload":1})", R"({"payload":"","payload":""})", R"({"payload":"","timestamp":"x"})",
          R"({"payload":"","timestamp":""})", R"({"payload":"","timestamp":"-1"})", R"({"payload":"","timestamp":-1})",
          R"({"payload":"","timestamp":"-1","track":"inbound"})", R"({"payload":"","timestamp":1.5})",
          R"({"payload":"","timestamp":"1000000000000000"})", R"({"payload":"","timestamp":1000000000000000})",
          R"({"payload":"","timestamp":"1","track":7})",
          R"({"payload":"","timestamp":"1","timestamp":"1","track":"inbound"})", R"("x")"}) {
        expect_error(ParseError::bad_field, R"({"event":"media","media":)" + std::string(media) + "}");
    }
    expect_error(ParseError::bad_field, R"({"event":"media","media":{"payload":""},"streamSid":7})");
    expect_error(ParseError::bad_field, R"({"event":"media","media":{"payload":""},"media":{"payload":""}})");
    expect_error(ParseError::bad_field, R"({"event":"media","event":"media","media":{"payload":""}})");
    expect_error(ParseError::missing_field, R"({"event":"media"})");
    expect_error(ParseError::missing_field, R"({"event":"media","media":{}})");
    expect_error(ParseError::missing_field, R"({"event":"media","media":null})");
    expect_error(ParseError::missing_field, R"({"event":"media","media":{"payload":null}})");
}

TEST(StreamMessage, reads_dtmf) {
    for (const char digit : std::string_view("0123456789*#ABCD")) {
        const auto dtmf = parsed<twilio::Dtmf>(
            std::string(
                R"({"event":"dtmf","streamSid":"MZ01","sequenceNumber":"3","dtmf":{"track":"inbound_track","digit":")") +
            digit + "\"}}");
        EXPECT_EQ(dtmf.stream_sid, "MZ01");
        EXPECT_EQ(dtmf.digit, digit);
    }
    expect_error(ParseError::bad_field, R"({"event":"dtmf","dtmf":{"digit":"12"}})");
    expect_error(ParseError::bad_field, R"({"event":"dtmf","dtmf":{"digit":"w"}})");
    expect_error(ParseError::bad_field, R"({"event":"dtmf","dtmf":{"digit":"\u0000"}})");
    expect_error(ParseError::bad_field, R"({"event":"dtmf","dtmf":{"digit":1}})");
    expect_error(ParseError::missing_field, R"({"event":"dtmf","dtmf":{"digit":""}})");
    expect_error(ParseError::missing_field, R"({"event":"dtmf"})");
}

TEST(StreamMessage, reads_mark) {
    const auto mark =
        parsed<twilio::Mark>(R"({"event":"mark","sequenceNumber":"4","streamSid":"MZ01","mark":{"name":"end \"1\""}})");
    EXPECT_EQ(mark.stream_sid, "MZ01");
    EXPECT_EQ(mark.name, "end \"1\"");
    expect_error(ParseError::missing_field, R"({"event":"mark","mark":{}})");
    expect_error(ParseError::bad_field,
                 R"({"event":"mark","mark":{"name":")" + std::string(twilio::mark_name_bytes_max + 1, 'n') + "\"}}");
}

TEST(StreamMessage, reads_stop_even_when_it_says_nothing_else) {
    const auto stopped = parsed<twilio::Stopped>(
        R"({"event":"stop","sequenceNumber":"5","streamSid":"MZ01","stop":{"accountSid":"AC01","callSid":"CA01"}})");
    EXPECT_EQ(stopped.stream_sid, "MZ01");
    EXPECT_EQ(stopped.call_sid, "CA01");
    EXPECT_EQ(parsed<twilio::Stopped>(R"({"event":"stop"})").call_sid, "");
    EXPECT_EQ(parsed<twilio::Stopped>(R"({"event":"stop","stop":{}})").call_sid, "");
    expect_error(ParseError::bad_field, R"({"event":"stop","stop":[]})");
}

TEST(StreamMessage, passes_an_unknown_event_on) {
    EXPECT_EQ(parsed<twilio::Unknown>(R"({"event":"transcription","x":1})").event, "transcription");
    expect_error(ParseError::bad_field, R"({"event":")" + std::string(1000, 'e') + "\"}");
}

TEST(StreamMessage, without_an_event_is_refused) {
    for (const std::string_view text :
         {"{}", "[]", "1", "null", R"("media")", R"({"event":1})", R"({"event":null})", R"([{"event":"stop"}])"}) {
        expect_error(ParseError::no_event, text);
    }
}

TEST(StreamMessage, is_valid_json_as_a_whole_or_refused) {
    const std::string media(captured_media);
    for (std::size_t size = 0; size < media.size(); ++size) expect_error(ParseError::not_json, media.substr(0, size));
    for (const std::string_view tail : {" garbage", "}", ",", media.c_str(), "\x01"}) {
        expect_error(ParseError::not_json, media + std::string(tail));
        expect_error(ParseError::not_json, R"({"event":"stop"})" + std::string(tail));
    }
    expect_error(ParseError::not_json, media + std::string(1, '\0'));
    expect_error(ParseError::not_json, R"({"event":"stop","later":nonsense})");
    expect_error(ParseError::not_json, R"({"event":"stop","later":[1,]})");
    expect_error(ParseError::not_json, "{\"event\":\"stop\",\"later\":\"\xFF\"}");
    expect_error(ParseError::not_json,
                 R"({"event":"stop","later":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
    twilio::StreamMessageParser parser;
    EXPECT_TRUE(parser.parse(media + " \n"));
}

TEST(StreamMessage, bounds_every_sid) {
    const std::string longest(twilio::sid_bytes_max, 'S');
    twilio::StreamMessageParser parser;
    for (const std::string_view form :
         {R"({"event":"media","media":{"track":"inbound","timestamp":"1","payload":""},"streamSid":"@"})",
          R"({"event":"start","start":{"streamSid":"@","callSid":"CA01"}})",
          R"({"event":"start","start":{"streamSid":"MZ01","callSid":"@"}})",
          R"({"event":"start","start":{"streamSid":"MZ01","callSid":"CA01","accountSid":"@"}})",
          R"({"event":"mark","mark":{"name":"n"},"streamSid":"@"})",
          R"({"event":"dtmf","dtmf":{"digit":"1"},"streamSid":"@"})", R"({"event":"stop","stop":{"callSid":"@"}})"}) {
        const auto at = form.find('@');
        EXPECT_TRUE(parser.parse(std::string(form).replace(at, 1, longest))) << form;
        expect_error(ParseError::bad_field, std::string(form).replace(at, 1, longest + "S"));
    }
}

TEST(StreamMessage, beyond_the_largest_is_refused) {
    const auto padded = [](std::size_t size) {
        const std::string frame = R"({"event":"media","media":{"track":"inbound","timestamp":"1","payload":""}})";
        return std::string(frame).insert(frame.size() - 3, size - frame.size(), 'A');
    };
    twilio::StreamMessageParser parser;
    EXPECT_TRUE(parser.parse(padded(twilio::stream_message_bytes_max)));
    expect_error(ParseError::bad_field, padded(twilio::stream_message_bytes_max + 1));
}

TEST(StreamMessage, writes_the_shapes_twilio_wants_and_nothing_more) {
    const std::vector<std::byte> audio(160, std::byte{0xFF});
    std::string out = "before";
    twilio::append_media(out, "MZ01", audio);
    EXPECT_EQ(out, R"(before{"event":"media","streamSid":"MZ01","media":{"payload":")" + encoding::to_base64(audio) +
                       R"("}})");
    out.clear();
    twilio::append_mark(out, "MZ01", "end");
    EXPECT_EQ(out, R"({"event":"mark","streamSid":"MZ01","mark":{"name":"end"}})");
    out.clear();
    twilio::append_clear(out, "MZ01");
    EXPECT_EQ(out, R"({"event":"clear","streamSid":"MZ01"})");
}

TEST(StreamMessage, escapes_what_it_writes) {
    std::string name;
    for (char c = 1; c < 0x7F; ++c) name += c;
    name += "ü📞";
    std::string out;
    twilio::append_mark(out, "M\"Z\\", name);
    const auto mark = parsed<twilio::Mark>(out);
    EXPECT_EQ(mark.stream_sid, "M\"Z\\");
    EXPECT_EQ(mark.name, name);
}

// They reach the log and our own messages: a line end in one would write a log line of its own.
TEST(StreamMessage, identifiers_of_a_start_are_plain_text) {
    twilio::StreamMessageParser parser;
    const auto start = [&](const std::string& call_sid, const std::string& stream_sid) {
        return parser.parse(R"({"event":"start","start":{"callSid":")" + call_sid + R"(","streamSid":")" + stream_sid +
                            R"("}})");
    };
    EXPECT_TRUE(start("test_call-1", "MZ.1:2"));
    for (const char* wrong : {"CA1\\nforged", "CA 1", "CA\u00e9", "", "<CA1>"}) {
        EXPECT_FALSE(start(wrong, "MZ1")) << wrong;
        EXPECT_FALSE(start("CA1", wrong)) << wrong;
    }
}

}  // namespace
