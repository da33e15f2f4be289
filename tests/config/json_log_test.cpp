#include "json_log.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

namespace {

TEST(JsonLog, words_are_the_event_and_the_rest_is_fields) {
    EXPECT_EQ(json_members("stream closed connection=1 outcome=completed sent_s=2.26 complete=true"),
              R"(,"event":"stream closed","connection":1,"outcome":"completed","sent_s":2.26,"complete":true)");
    EXPECT_EQ(json_members("drained"), R"(,"event":"drained")");
    EXPECT_EQ(json_members("no API_KEYS: the API answers this machine only"),
              R"(,"event":"no API_KEYS: the API answers this machine only")");
    EXPECT_EQ(json_members(""), R"(,"event":"")");
}

TEST(JsonLog, only_what_is_plainly_a_number_is_one) {
    EXPECT_EQ(json_members("x a=-1 b=-1.50 c=inf d=1e5 e=1.2.3 f=+5 g= h=007 i=\"7\""),
              R"(,"event":"x","a":-1,"b":-1.50,"c":"inf","d":"1e5","e":"1.2.3","f":"+5","g":"","h":"007","i":"7")");
}

TEST(JsonLog, what_fmt_escaped_is_text_again) {
    for (const std::string text : {"a \"quoted\" word", "back\\slash", "line\nfeed\tand\rreturn",
                                   "gr\u00fc\u00dfe \u20ac", "k=v and = and {}", "\x01\x1b[31m", "\u0085\u2028", ""}) {
        const auto line =
            boost::json::parse("{\"a\":1" + json_members(fmt::format("failed reason={:?} next=2", text)) + "}");
        EXPECT_EQ(line.at("event").as_string(), "failed");
        EXPECT_EQ(line.at("reason").as_string(), text);
        EXPECT_EQ(line.at("next").as_int64(), 2);
    }
}

TEST(JsonLog, a_line_that_is_broken_still_becomes_an_object) {
    for (const std::string_view line : {"x reason=\"open", "x reason=\"ends\\", "x reason=\"\\x", "x a=1 then words",
                                        "x a=\"1\"b=2", "a=1", "x b=\"\\uzzzz\"", "  two  blanks ", "=", "\""}) {
        boost::json::error_code error;
        const auto members = json_members(line);
        EXPECT_TRUE(members.starts_with(",\"event\":")) << line;
        std::ignore = boost::json::parse("{\"a\":1" + members + "}", error);
        EXPECT_FALSE(error) << line << " " << members;
    }
}

TEST(JsonLog, a_whole_line) {
    using namespace std::chrono_literals;
    spdlog::details::log_msg message("", spdlog::level::warn, "drained calls=0");
    message.time = spdlog::log_clock::time_point(1'795'651'426'007ms);
    spdlog::memory_buf_t out;
    make_json_log_formatter()->format(message, out);
    EXPECT_EQ(fmt::to_string(out),
              "{\"time\":\"2026-11-26T00:03:46.007Z\",\"level\":\"warning\",\"event\":\"drained\",\"calls\":0}\n");
}

}  // namespace
