#include "gateway/plan_record.hpp"

#include "tests/gateway/speech_recorder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using call::AfterSpeech;
using call::CallPlan;
using gateway::read_plan;
using gateway::write_plan;

CallPlan unusual_plan() {
    CallPlan plan{.speech = test::speech_request("First sentence. \"Second\" one, ünïcode \n"),
                  .after_speech = AfterSpeech::hang_up,
                  .record = true,
                  .call_duration_max = std::chrono::milliseconds(90'000),
                  .heard_bytes = 16};
    plan.speech.voice = {.id = "JBFqnCBsd6RMkjVDRZzb",
                         .settings = {.stability = 0.1, .use_speaker_boost = false, .speed = 1.2},
                         .model = "eleven_flash_v2_5",
                         .language = "de"};
    plan.then = {{.speech = test::speech_request("Asked for later."), .heard_bytes = 6},
                 {.speech = test::speech_request("And last.")}};
    return plan;
}

void expect_same(const call::Passage& one, const call::Passage& other) {
    EXPECT_EQ(one.speech.text, other.speech.text);
    EXPECT_EQ(one.speech.voice, other.speech.voice);
    EXPECT_EQ(one.heard_bytes, other.heard_bytes);
}

TEST(PlanRecord, tells_another_server_all_of_the_plan) {
    for (const CallPlan& plan : {unusual_plan(), CallPlan{}}) {
        const auto read = read_plan(write_plan(plan));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->after_speech, plan.after_speech);
        EXPECT_EQ(read->record, plan.record);
        EXPECT_EQ(read->call_duration_max, plan.call_duration_max);
        expect_same(read->message(), plan.message());
        ASSERT_EQ(read->then.size(), plan.then.size());
        for (std::size_t i = 0; i < plan.then.size(); ++i) expect_same(read->then[i], plan.then[i]);
    }
}

TEST(PlanRecord, of_which_more_was_heard_than_there_is_is_not_believed) {
    CallPlan plan = unusual_plan();
    plan.heard_bytes = plan.speech.text.reveal().size();
    EXPECT_TRUE(read_plan(write_plan(plan)));
    ++plan.heard_bytes;
    EXPECT_FALSE(read_plan(write_plan(plan)));
    plan = unusual_plan();
    plan.then[1].heard_bytes = 100;
    EXPECT_FALSE(read_plan(write_plan(plan)));
}

TEST(PlanRecord, that_is_none_is_none) {
    const std::string whole = write_plan(unusual_plan());
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(read_plan(whole.substr(0, size)));
    for (const char* other : {"{}", "[]", "null", R"({"after":"stay","record":false,"at_most_ms":null,"say":[]})",
                              R"({"after":"stay","record":false,"at_most_ms":null,"say":[{"text":1}]})"})
        EXPECT_FALSE(read_plan(other)) << other;
}

}  // namespace
