#include "twilio/twiml.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

const std::string declaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// What stands between <Say> and </Say>.
std::string said(const std::string& text) {
    const std::string document = twilio::say_and_hang_up(text);
    const auto begin = document.find("<Say>") + 5;
    return document.substr(begin, document.find("</Say>") - begin);
}

TEST(Twiml, connects_a_stream_with_action_and_parameters_in_order) {
    EXPECT_EQ(
        twilio::connect_stream({.url = "wss://gw.example.com/call/connection",
                                .action_url = "https://gw.example.com/call/ended",
                                .parameters = {{"token", "t0"}, {"a", ""}}}),
        declaration +
            R"(<Response><Connect action="https://gw.example.com/call/ended"><Stream url="wss://gw.example.com/call/connection">)"
            R"(<Parameter name="token" value="t0"/><Parameter name="a" value=""/></Stream></Connect></Response>)");
}

TEST(Twiml, leaves_an_empty_action_out) {
    EXPECT_EQ(twilio::connect_stream({.url = "wss://h/s", .action_url = "", .parameters = {}}),
              declaration + R"(<Response><Connect><Stream url="wss://h/s"></Stream></Connect></Response>)");
}

TEST(Twiml, escapes_attributes) {
    const std::string document = twilio::connect_stream(
        {.url = "wss://h/s", .action_url = "/e?a=1&b=2", .parameters = {{"n\"<", "a<b>&\"c'\td\ne\r"}}});
    EXPECT_NE(document.find(R"(action="/e?a=1&amp;b=2")"), std::string::npos);
    EXPECT_NE(document.find(R"(name="n&quot;&lt;" value="a&lt;b&gt;&amp;&quot;c'&#9;d&#10;e&#13;")"),
              std::string::npos);
}

TEST(Twiml, leaves_out_a_parameter_beyond_the_limit_and_keeps_the_others) {
    const std::string just_fits(494, 'v');
    EXPECT_TRUE(twilio::parameter_fits("fits!", just_fits));
    EXPECT_FALSE(twilio::parameter_fits("large!", just_fits));
    EXPECT_FALSE(twilio::parameter_fits("", "v"));
    const std::string document =
        twilio::connect_stream({.url = "wss://h/s",
                                .action_url = "",
                                .parameters = {{"large!", just_fits}, {"fits!", just_fits}, {"", "v"}, {"z", "1"}}});
    EXPECT_EQ(count(document, "<Parameter"), 2U);
    EXPECT_EQ(count(document, "fits!"), 1U);
    EXPECT_EQ(count(document, R"(name="z")"), 1U);
}

TEST(Twiml, counts_the_characters_of_a_parameter_not_its_bytes) {
    std::string umlauts, telephones;  // 498 characters in 996 bytes; 249 of two UTF-16 units each
    for (int i = 0; i < 498; ++i) umlauts += "ü";
    for (int i = 0; i < 249; ++i) telephones += "📞";
    EXPECT_TRUE(twilio::parameter_fits("n", umlauts));
    EXPECT_FALSE(twilio::parameter_fits("nn", umlauts));
    EXPECT_TRUE(twilio::parameter_fits("n", telephones));
    EXPECT_FALSE(twilio::parameter_fits("nn", telephones));
}

TEST(Twiml, stays_below_the_largest_document_whatever_the_parameters) {
    twilio::ConnectStream stream{.url = "wss://h/s", .action_url = "", .parameters = {}};
    for (int i = 0; i < 500; ++i) stream.parameters.emplace_back(std::to_string(i), std::string(490, '"'));
    const std::string document = twilio::connect_stream(stream);
    EXPECT_LE(document.size(), twilio::twiml_bytes_max);
    EXPECT_GT(document.size(), twilio::twiml_bytes_max - 4000);
    EXPECT_TRUE(document.ends_with("</Stream></Connect></Response>"));
}

TEST(Twiml, says_and_hangs_up) {
    EXPECT_EQ(twilio::say_and_hang_up("Tom & \"Jerry\" <3 ]]>"),
              declaration + R"(<Response><Say>Tom &amp; "Jerry" &lt;3 ]]&gt;</Say><Hangup/></Response>)");
}

TEST(Twiml, with_nothing_to_say_only_hangs_up) {
    EXPECT_EQ(twilio::say_and_hang_up(" \n"), twilio::hang_up());
    EXPECT_EQ(twilio::say_and_hang_up(""), twilio::hang_up());
}

TEST(Twiml, drops_what_xml_cannot_carry) {
    std::string text = "a";
    for (char c = 1; c < 0x20; ++c) text += c;
    text += '\0';
    text += "b\uFFFE\uFFFFc";
    EXPECT_EQ(said(text), "a\t\n&#13;bc");
}

TEST(Twiml, replaces_broken_utf8) {
    EXPECT_EQ(said("ü北📞"), "ü北📞");
    EXPECT_EQ(said("a\xFF"
                   "b"),
              "a\uFFFDb");
    EXPECT_EQ(said("a\xC3"), "a\uFFFD");                              // cut short
    EXPECT_EQ(said("\xC0\xAF"), "\uFFFD\uFFFD");                      // overlong '/'
    EXPECT_EQ(said("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
    EXPECT_EQ(said("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond Unicode
    EXPECT_EQ(said("\xE4<b"), "\uFFFD&lt;b");                         // does not swallow the markup behind it
}

TEST(Twiml, cuts_a_long_text_after_a_whole_word) {
    std::string text(twilio::say_characters_max - 10, 'a');
    text += " bbbb ccccccccccc";
    EXPECT_EQ(said(text), text.substr(0, twilio::say_characters_max - 5));
    const std::string fits(twilio::say_characters_max, 'a');
    EXPECT_EQ(said(fits), fits);
    EXPECT_EQ(said(fits + " b"), fits);
    EXPECT_EQ(said(fits + "b"), fits);  // one endless word
    std::string umlauts;
    for (std::size_t i = 0; i < twilio::say_characters_max + 1; ++i) umlauts += "ü";
    EXPECT_EQ(said(umlauts), umlauts.substr(2));
}

TEST(Twiml, hangs_up_rejects_and_says_nothing) {
    EXPECT_EQ(twilio::hang_up(), declaration + "<Response><Hangup/></Response>");
    EXPECT_EQ(twilio::reject_busy(), declaration + R"(<Response><Reject reason="busy"/></Response>)");
    EXPECT_EQ(twilio::empty_response(), declaration + "<Response></Response>");
}

TEST(Twiml, redirects_to_an_address_with_a_query) {
    EXPECT_EQ(twilio::redirect("https://b.example.org/call?a=1&b=2"),
              declaration + "<Response><Redirect>https://b.example.org/call?a=1&amp;b=2</Redirect></Response>");
}

}  // namespace
