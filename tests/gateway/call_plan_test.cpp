#include "gateway/call_plan.hpp"

#include <gtest/gtest.h>

namespace {

numbers::CallSettings settings() {
    numbers::CallSettings given;
    given.greeting = "Hello {name}, {from} called {to} in {call_sid}.";
    given.voice.id = "standard";
    given.voice.settings.stability = 0.25;
    given.after_speech = call::AfterSpeech::hang_up;
    return given;
}

TEST(CallPlan, fills_the_greeting_from_the_webhook_and_its_query) {
    const auto plan = gateway::plan_for_webhook(settings(), {{"CallSid", "CA1"}, {"From", "+15551"}, {"To", "+15552"}},
                                                {{"name", "Ann"}});
    EXPECT_EQ(plan.speech.text.reveal(), "Hello Ann, +15551 called +15552 in CA1.");
    EXPECT_EQ(plan.speech.voice.id, "standard");
    EXPECT_EQ(plan.speech.voice.settings.stability, 0.25);
    EXPECT_EQ(plan.after_speech, call::AfterSpeech::hang_up);
}

TEST(CallPlan, twilios_values_cannot_be_overridden_by_the_query) {
    const auto plan = gateway::plan_for_webhook(settings(), {{"From", "+15551"}}, {{"from", "nobody"}});
    EXPECT_NE(plan.speech.text.reveal().find("+15551"), std::string::npos);
}

TEST(CallPlan, takes_the_voice_of_the_query_when_it_is_one) {
    EXPECT_EQ(gateway::plan_for_webhook(settings(), {}, {{"voice_id", "abc_DEF-9"}}).speech.voice.id, "abc_DEF-9");
    EXPECT_EQ(gateway::plan_for_webhook(settings(), {}, {{"voice_id", "../v1/user"}}).speech.voice.id, "standard");
    EXPECT_EQ(gateway::plan_for_webhook(settings(), {}, {{"voice_id", ""}}).speech.voice.id, "standard");
}

TEST(CallPlan, a_stream_without_a_webhook_is_served_from_its_parameters) {
    const auto plan = gateway::plan_for_stream(settings(), {.stream_sid = "MZ1",
                                                            .call_sid = "CA1",
                                                            .account_sid = {},
                                                            .encoding = {},
                                                            .custom_parameters = {{"name", "Bo"}, {"voice_id", "v2"}}});
    EXPECT_EQ(plan.speech.text.reveal(), "Hello Bo,  called  in CA1.");
    EXPECT_EQ(plan.speech.voice.id, "v2");
}

TEST(CallPlan, takes_the_longest_call_from_the_settings) {
    auto given = settings();
    given.call_duration_max = std::chrono::seconds(7);
    EXPECT_EQ(gateway::plan_for_webhook(given, {}, {}).call_duration_max, std::chrono::seconds(7));
}

TEST(CallPlan, knows_our_number_of_a_call) {
    EXPECT_EQ(gateway::our_number({{"From", "+1"}, {"To", "+2"}, {"Direction", "inbound"}}), "+2");
    EXPECT_EQ(gateway::our_number({{"From", "+1"}, {"To", "+2"}, {"Direction", "outbound-api"}}), "+1");
    EXPECT_EQ(gateway::our_number({{"To", "sip:a@example.org"}}), "sip:a@example.org");
    EXPECT_EQ(gateway::our_number({}), "");
}

TEST(CallPlan, the_servers_settings_are_those_of_every_call) {
    gateway::Options options;
    options.greeting = "Hello.";
    options.voice.id = "standard";
    options.after_speech = call::AfterSpeech::hang_up;
    options.session.call_duration_max = std::chrono::seconds(9);
    options.busy_text = "Busy.";
    const auto given = gateway::call_settings(options);
    EXPECT_EQ(given.greeting, "Hello.");
    EXPECT_EQ(given.voice.id, "standard");
    EXPECT_EQ(given.after_speech, call::AfterSpeech::hang_up);
    EXPECT_EQ(given.call_duration_max, std::chrono::seconds(9));
    EXPECT_EQ(given.busy_text, "Busy.");
    EXPECT_EQ(given.calls_max, 0u) << "MAX_CALLS is of all numbers together";
}

TEST(CallPlan, knows_a_voice_id) {
    EXPECT_TRUE(gateway::is_voice_id("21m00Tcm4TlvDq8ikWAM"));
    EXPECT_FALSE(gateway::is_voice_id(""));
    EXPECT_FALSE(gateway::is_voice_id("a b"));
    EXPECT_FALSE(gateway::is_voice_id("a/b"));
    EXPECT_FALSE(gateway::is_voice_id(std::string(65, 'a')));
}

}  // namespace
