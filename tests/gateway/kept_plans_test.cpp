#include "gateway/kept_plans.hpp"

#include "tests/gateway/speech_recorder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::KeptPlans;

const KeptPlans::Instant kept_at{1h};

call::CallPlan saying(const std::string& text) {
    return {.speech = test::speech_request(text)};
}
std::string text_of_kept(const std::optional<call::CallPlan>& plan) {
    return plan ? plan->speech.text.reveal() : "none";
}

TEST(KeptPlans, are_found_again_until_their_time_is_over) {
    KeptPlans plans({.plans_max = 10, .life = 60s});
    plans.keep("a", saying("A"), kept_at);
    EXPECT_EQ(text_of_kept(plans.find("a", kept_at + 59s)), "A");
    EXPECT_EQ(text_of_kept(plans.find("a", kept_at + 60s)), "none");
    EXPECT_EQ(plans.size(), 0U);
}

TEST(KeptPlans, are_taken_once) {
    KeptPlans plans({.plans_max = 10, .life = 60s});
    plans.keep("a", saying("A"), kept_at);
    EXPECT_EQ(text_of_kept(plans.take("a", kept_at)), "A");
    EXPECT_EQ(text_of_kept(plans.take("a", kept_at)), "none");
}

TEST(KeptPlans, the_latest_of_a_name_counts_and_lives_its_own_time) {
    KeptPlans plans({.plans_max = 10, .life = 60s});
    plans.keep("a", saying("first"), kept_at);
    plans.keep("a", saying("second"), kept_at + 30s);
    EXPECT_EQ(text_of_kept(plans.find("a", kept_at + 70s)), "second");
    EXPECT_EQ(text_of_kept(plans.find("a", kept_at + 90s)), "none");
}

TEST(KeptPlans, the_oldest_gives_way_when_there_are_too_many) {
    KeptPlans plans({.plans_max = 2, .life = 60s});
    for (const char* name : {"a", "b", "c"}) plans.keep(name, saying(name), kept_at);
    EXPECT_EQ(text_of_kept(plans.find("a", kept_at)), "none");
    EXPECT_EQ(text_of_kept(plans.find("c", kept_at)), "c");
}

TEST(KeptPlans, of_calls_that_we_place_have_names_that_nobody_guesses) {
    EXPECT_EQ(gateway::secret_plan_name().size(), 32U);
    EXPECT_NE(gateway::secret_plan_name(), gateway::secret_plan_name());
}

}  // namespace
