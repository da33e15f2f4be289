#include "twilio/call_request.hpp"

#include "twilio/call_status.hpp"
#include "twilio/e164.hpp"

#include <gtest/gtest.h>

namespace {

twilio::CallRequest request() {
    return {.to = Secret("+14155550199"),
            .from = Secret("+14155550100"),
            .url = "https://phone.example.org/in?plan=1",
            .status_callback = "https://phone.example.org/status"};
}

TEST(CallRequest, is_a_form_that_asks_for_every_event) {
    EXPECT_EQ(encoding::write_form(twilio::call_form(request())),
              "To=%2B14155550199&From=%2B14155550100&Url=https%3A%2F%2Fphone.example.org%2Fin%3Fplan%3D1&Method=POST"
              "&StatusCallback=https%3A%2F%2Fphone.example.org%2Fstatus&StatusCallbackMethod=POST&Timeout=60"
              "&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered"
              "&StatusCallbackEvent=completed");
}

TEST(CallRequest, machine_detection_does_not_hold_up_the_call) {
    auto wanted = request();
    wanted.machine_detection = twilio::MachineDetection::detect_message_end;
    const auto form = twilio::call_form(wanted);
    EXPECT_EQ(encoding::find(form, "MachineDetection"), "DetectMessageEnd");
    EXPECT_EQ(encoding::find(form, "AsyncAmd"), "true");
    EXPECT_EQ(encoding::find(form, "AsyncAmdStatusCallback"), wanted.status_callback);
}

TEST(CallRequest, the_account_is_part_of_path_and_credentials) {
    EXPECT_EQ(twilio::calls_path("AC1"), "/2010-04-01/Accounts/AC1/Calls.json");
    EXPECT_EQ(twilio::basic_credentials("AC1", Secret("token")), "Basic QUMxOnRva2Vu");
}

TEST(PlacedCall, is_read_from_twilios_answer) {
    const auto call = twilio::read_placed_call(R"({"sid":"CA1","status":"queued","price":null})");
    ASSERT_TRUE(call);
    EXPECT_EQ(call->sid, "CA1");
    EXPECT_EQ(call->status, "queued");
    EXPECT_EQ(twilio::read_placed_call("<html>").error(), twilio::RestReplyError::not_json);
    EXPECT_EQ(twilio::read_placed_call("[1]").error(), twilio::RestReplyError::not_json);
    EXPECT_EQ(twilio::read_placed_call(R"({"sid":7})").error(), twilio::RestReplyError::unexpected);
}

TEST(RestError, has_twilios_code_and_words_or_nothing) {
    const auto error = twilio::read_rest_error(R"({"code":21211,"message":"Invalid 'To'","status":400})");
    EXPECT_EQ(error.code, 21211);
    EXPECT_EQ(error.message, "Invalid 'To'");
    EXPECT_EQ(twilio::read_rest_error("Bad Gateway").code, 0);
    EXPECT_EQ(twilio::read_rest_error(R"({"code":"x"})").code, 0);
}

TEST(CallStatus, goes_one_way) {
    using twilio::CallStatus;
    for (const auto name : twilio::call_status_names) EXPECT_EQ(twilio::name_of(*twilio::call_status(name)), name);
    EXPECT_FALSE(twilio::call_status("paused"));
    EXPECT_LT(twilio::rank_of(CallStatus::ringing), twilio::rank_of(CallStatus::in_progress));
    EXPECT_EQ(twilio::rank_of(CallStatus::busy), twilio::rank_of(CallStatus::completed));
    EXPECT_TRUE(twilio::is_final(CallStatus::no_answer));
    EXPECT_FALSE(twilio::is_final(CallStatus::in_progress));
}

TEST(E164, is_a_plus_and_digits) {
    for (const char* right : {"+14155550199", "+4930123456", "+12"}) EXPECT_TRUE(twilio::is_e164(right)) << right;
    for (const char* wrong :
         {"", "+", "+1", "14155550199", "+04155550199", "+1415555019912345", "+1 415", "client:bob"})
        EXPECT_FALSE(twilio::is_e164(wrong)) << wrong;
}

}  // namespace
