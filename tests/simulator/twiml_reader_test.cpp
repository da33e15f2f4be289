#include "simulator/twiml_reader.hpp"

#include "twilio/twiml.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

std::string response(const std::string& inside) {
    return R"(<?xml version="1.0" encoding="UTF-8"?><Response>)" + inside + "</Response>";
}

int refusal(std::string_view xml) {
    const auto twiml = read_twiml(xml);
    return twiml ? 0 : twiml.error().code;
}

ConnectStream stream(const std::string& attributes, bool plain_streams = false) {
    const auto twiml = read_twiml(response("<Connect><Stream " + attributes + "/></Connect>"), plain_streams);
    EXPECT_TRUE(twiml.has_value());
    EXPECT_EQ(twiml->steps.size(), 1u);
    return std::get<ConnectStream>(twiml->steps.at(0));
}

TEST(TwimlReader, reads_what_our_own_writer_writes) {
    const auto xml = twilio::connect_stream({.url = "wss://example.com/stream",
                                             .action_url = "https://example.com/ended?a=1&b=2",
                                             .parameters = {{"token", "a<b>&\"c'"}, {"from", "+1"}}});
    const auto twiml = read_twiml(xml);
    ASSERT_TRUE(twiml) << twiml.error().text;
    EXPECT_TRUE(twiml->warnings.empty());
    const auto& connect = std::get<ConnectStream>(twiml->steps.at(0));
    EXPECT_EQ(connect.url, "wss://example.com/stream");
    EXPECT_EQ(connect.action, "https://example.com/ended?a=1&b=2");
    EXPECT_FALSE(connect.fault);
    ASSERT_EQ(connect.parameters.size(), 2u);
    EXPECT_EQ(connect.parameters[0].second, "a<b>&\"c'");

    const auto say = read_twiml(twilio::say_and_hang_up("Tom & Jerry"));
    ASSERT_TRUE(say);
    EXPECT_EQ(std::get<Say>(say->steps.at(0)).text, "Tom & Jerry");
    EXPECT_TRUE(std::holds_alternative<Hangup>(say->steps.at(1)));
    EXPECT_EQ(std::get<Reject>(read_twiml(twilio::reject_busy())->steps.at(0)).reason, "busy");
    EXPECT_TRUE(read_twiml(twilio::empty_response())->steps.empty());
}

TEST(TwimlReader, refuses_what_is_not_well_formed) {
    EXPECT_EQ(refusal(""), code::bad_xml);
    EXPECT_EQ(refusal("<Response>"), code::bad_xml);
    EXPECT_EQ(refusal("<response/>"), code::bad_xml);
    EXPECT_EQ(refusal("<Response/><Response/>"), code::bad_xml);
    EXPECT_EQ(refusal(response("<Say>a & b</Say>")), code::bad_xml);
    EXPECT_EQ(refusal(" " + response("")), code::bad_xml) << "a byte before the XML declaration";
    EXPECT_EQ(refusal("{\"detail\":1}"), code::bad_xml);
}

TEST(TwimlReader, refuses_documents_that_declare_entities) {
    EXPECT_EQ(refusal("<!DOCTYPE Response [<!ENTITY a \"aaaa\">]><Response><Say>&a;</Say></Response>"), code::bad_xml);
}

TEST(TwimlReader, refuses_more_than_64_kilobytes) {
    const std::string fits = response("<Say>" + std::string(twiml_bytes_max - 100, 'x') + "</Say>");
    EXPECT_EQ(refusal(fits), 0);
    EXPECT_EQ(refusal(response("<Say>" + std::string(twiml_bytes_max, 'x') + "</Say>")), code::document_too_large);
}

TEST(TwimlReader, warns_of_unknown_names_and_runs_the_rest) {
    const auto twiml = read_twiml(response("<say>x</say><Say vioce='a'>hello</Say><Hangup/>"));
    ASSERT_TRUE(twiml);
    ASSERT_EQ(twiml->warnings.size(), 2u);
    EXPECT_EQ(twiml->warnings[0].code, code::bad_schema);
    ASSERT_EQ(twiml->steps.size(), 2u);
    EXPECT_EQ(std::get<Say>(twiml->steps[0]).text, "hello");
}

TEST(TwimlReader, gathers_the_text_of_speech_markup) {
    const auto twiml =
        read_twiml(response("<Say voice='Polly.Joanna'>One <emphasis>two</emphasis><break/> three</Say>"));
    ASSERT_TRUE(twiml);
    EXPECT_TRUE(twiml->warnings.empty());
    EXPECT_EQ(std::get<Say>(twiml->steps[0]).text, "One two three");
    EXPECT_EQ(std::get<Say>(twiml->steps[0]).voice, "Polly.Joanna");
}

TEST(TwimlReader, drops_the_query_of_a_stream_url_as_twilio_does) {
    const auto twiml = read_twiml(response("<Connect><Stream url='wss://h/p?token=1'/></Connect>"));
    ASSERT_TRUE(twiml);
    EXPECT_EQ(std::get<ConnectStream>(twiml->steps[0]).url, "wss://h/p");
    EXPECT_EQ(twiml->warnings.size(), 1u);
}

TEST(TwimlReader, a_stream_needs_wss_unless_the_server_is_on_this_machine) {
    EXPECT_FALSE(stream("url='wss://h/p'").fault);
    EXPECT_EQ(stream("url='https://h/p'").fault->code, code::stream_scheme);
    EXPECT_EQ(stream("url='ws://h/p'").fault->code, code::stream_scheme);
    EXPECT_FALSE(stream("url='ws://h/p'", true).fault);
    EXPECT_EQ(stream("name='x'").fault->code, code::stream_url);
    EXPECT_FALSE(stream("url='/relative'").fault);
}

TEST(TwimlReader, a_bidirectional_stream_has_the_inbound_track_only) {
    EXPECT_FALSE(stream("url='wss://h/p' track='inbound_track'").fault);
    EXPECT_EQ(stream("url='wss://h/p' track='both_tracks'").fault->code, code::stream_track);
}

TEST(TwimlReader, drops_parameters_of_500_characters) {
    const auto with_value = [](std::size_t size) {
        return read_twiml(response("<Connect><Stream url='wss://h/p'><Parameter name='name' value='" +
                                   std::string(size, 'v') + "'/></Stream></Connect>"));
    };
    EXPECT_EQ(std::get<ConnectStream>(with_value(495)->steps[0]).parameters.size(), 1u);
    const auto over = with_value(496);
    EXPECT_TRUE(std::get<ConnectStream>(over->steps[0]).parameters.empty());
    EXPECT_EQ(over->warnings.size(), 1u);
}

TEST(TwimlReader, reads_pause_redirect_and_verbs_it_does_not_act_out) {
    const auto twiml =
        read_twiml(response("<Pause length='3'/><Gather><Say>press</Say></Gather><Redirect>/next</Redirect>"));
    ASSERT_TRUE(twiml);
    EXPECT_EQ(std::get<Pause>(twiml->steps.at(0)).length, std::chrono::seconds(3));
    EXPECT_EQ(std::get<NotSimulated>(twiml->steps.at(1)).verb, "Gather");
    EXPECT_EQ(std::get<Redirect>(twiml->steps.at(2)).url, "/next");
}

}  // namespace
}  // namespace simulator
