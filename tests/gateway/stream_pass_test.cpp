#include "gateway/stream_pass.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::CallFacts;
using gateway::StreamPasses;

const StreamPasses::Time noon{1'700'000'000s};
const CallFacts caller{.account_sid = "AC1",
                       .direction = "inbound",
                       .from = Secret("+4930123456"),
                       .to = Secret("+14155550199"),
                       .query = {{"voice_id", "abc"}, {"name", "Ada & Co. =+%"}}};

class StreamPass : public testing::Test {
protected:
    StreamPasses passes{Secret("the account's auth token")};
    const std::string pass{passes.issue("CA1", caller, noon)->reveal()};
};

TEST_F(StreamPass, tells_another_server_with_the_same_secret_what_the_webhook_knew) {
    StreamPasses elsewhere{Secret("the account's auth token")};
    const auto facts = elsewhere.open("CA1", pass, noon + 100s);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->account_sid, "AC1");
    EXPECT_EQ(facts->direction, "inbound");
    EXPECT_EQ(facts->from.reveal(), "+4930123456");
    EXPECT_EQ(facts->to.reveal(), "+14155550199");
    EXPECT_EQ(facts->query, caller.query);
}

TEST_F(StreamPass, serves_its_own_call_only) {
    EXPECT_EQ(passes.open("CA2", pass, noon).error(), StreamPasses::Fault::not_a_pass);
    EXPECT_EQ(passes.open("", pass, noon).error(), StreamPasses::Fault::not_a_pass);
}

TEST_F(StreamPass, is_never_sealed_alike_twice) {
    std::set<std::string> beginnings;  // with the nonce in them
    for (int server = 0; server < 20; ++server) {
        StreamPasses another{Secret("the account's auth token")};
        for (int i = 0; i < 500; ++i) beginnings.insert(another.issue("CA1", caller, noon)->reveal().substr(0, 18));
    }
    EXPECT_EQ(beginnings.size(), 10'000U);
}

TEST_F(StreamPass, expires) {
    EXPECT_TRUE(passes.open("CA1", pass, noon + 119s));
    EXPECT_EQ(passes.open("CA1", pass, noon + 120s).error(), StreamPasses::Fault::expired);
}

TEST_F(StreamPass, is_nothing_to_a_server_with_another_secret_or_with_none) {
    EXPECT_EQ(StreamPasses{Secret("another")}.open("CA1", pass, noon).error(), StreamPasses::Fault::not_a_pass);
    EXPECT_EQ(StreamPasses{Secret("")}.open("CA1", pass, noon).error(), StreamPasses::Fault::not_a_pass);
    EXPECT_FALSE(StreamPasses{Secret("")}.issue("CA1", caller, noon));
}

TEST_F(StreamPass, is_worth_nothing_when_any_character_of_it_is_another) {
    for (std::size_t i = 0; i < pass.size(); ++i) {
        std::string forged = pass;
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(passes.open("CA1", forged, noon)) << i;
    }
    for (std::size_t length = 0; length < pass.size(); ++length) {
        EXPECT_FALSE(passes.open("CA1", pass.substr(0, length), noon)) << length;
    }
    EXPECT_FALSE(passes.open("CA1", pass + "AAAA", noon));
    EXPECT_FALSE(passes.open("CA1", std::string(100'000, 'A'), noon));
}

TEST_F(StreamPass, shows_nothing_of_the_caller_and_is_never_the_same) {
    EXPECT_EQ(pass.find("4930123456"), std::string::npos);
    EXPECT_NE(passes.issue("CA1", caller, noon)->reveal(), pass);
}

TEST_F(StreamPass, is_not_issued_when_it_would_be_longer_than_twilio_carries) {
    CallFacts talkative = caller;
    talkative.query.emplace_back("name", std::string(200, 'x'));
    const auto long_one = passes.issue("CA1", talkative, noon);
    ASSERT_TRUE(long_one);
    EXPECT_LT(long_one->reveal().size() + std::string("token").size(), 500u);
    talkative.query.emplace_back("more", std::string(100, 'x'));
    EXPECT_FALSE(passes.issue("CA1", talkative, noon));
}

}  // namespace
