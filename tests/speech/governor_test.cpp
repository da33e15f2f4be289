#include "speech/governor.hpp"

#include "speech/scripted_source.hpp"

#include <deque>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;
using Kind = Failure::Kind;
using Texts = std::vector<std::string>;

class GovernorTest : public ::testing::Test {
protected:
    void govern(Governor::Options options) {
        governor.emplace(options, timers);
        governed.emplace(*governor, source);
    }
    RecordingListener& say(std::string text) {
        RecordingListener& listener = listeners.emplace_back(timers);
        utterances.push_back(governed->say(request_for(std::move(text)), listener));
        return listener;
    }

    ManualTimers timers;
    ScriptedSource source{timers, [](const Request&) { return says_it(); }};
    std::optional<Governor> governor;
    std::optional<GovernedSource> governed;
    std::deque<RecordingListener> listeners;
    std::vector<std::unique_ptr<Utterance>> utterances;
};

TEST_F(GovernorTest, keeps_within_the_limit_and_serves_everybody_in_the_end) {
    govern({.requests_max = 3});
    for (int i = 0; i < 20; ++i) say("a");
    EXPECT_EQ(source.requests.size(), 3U);
    timers.run();
    EXPECT_EQ(source.live_max, 3);
    for (const RecordingListener& listener : listeners) EXPECT_TRUE(listener.finished);
    EXPECT_EQ(governor->figures().in_flight, 0U);
    EXPECT_EQ(governor->figures().waiting, 0U);
}

TEST_F(GovernorTest, is_no_limit_until_one_is_known) {
    govern({});
    for (int i = 0; i < 20; ++i) say("a");
    EXPECT_EQ(source.live, 20);
}

TEST_F(GovernorTest, serves_first_whose_caller_runs_dry_first) {
    govern({.requests_max = 1});
    say("running");
    const char* names[] = {"late", "soon", "middle"};
    const milliseconds needs[] = {9s, 1s, 5s};
    for (std::size_t i = 0; i < 3; ++i) {
        say(names[i]);
        utterances.back()->needed_by(timers.now() + needs[i]);
    }
    timers.run();
    EXPECT_EQ(source.texts(), (Texts{"running", "soon", "middle", "late"}));
}

TEST_F(GovernorTest, serves_equal_needs_in_the_order_they_came) {
    govern({.requests_max = 1});
    for (const char* name : {"a", "b", "c", "d"}) say(name);
    timers.run();
    EXPECT_EQ(source.texts(), (Texts{"a", "b", "c", "d"}));
}

TEST_F(GovernorTest, gives_the_slot_of_a_cancelled_or_failed_request_to_the_next) {
    govern({.requests_max = 1});
    source.script = [](const Request& request) {
        return request.text.reveal() == "fails" ? Script{fail_after(10ms, Kind::busy)} : says_it();
    };
    say("cancelled");
    say("fails");
    say("last");
    utterances[0].reset();
    timers.advance(0ms);
    EXPECT_EQ(source.requests.size(), 2U);
    timers.run();
    EXPECT_TRUE(listeners[1].failure.has_value());
    EXPECT_TRUE(listeners[2].finished);
}

TEST_F(GovernorTest, forgets_a_waiting_request_that_is_cancelled) {
    govern({.requests_max = 1});
    say("a");
    say("b");
    say("c");
    utterances[1].reset();
    timers.run();
    EXPECT_EQ(source.texts(), (Texts{"a", "c"}));
}

TEST_F(GovernorTest, refuses_what_does_not_fit_in_the_queue_and_counts_it) {
    govern({.requests_max = 1, .waiting_max = 2});
    for (int i = 0; i < 3; ++i) say("a");
    RecordingListener& refused = say("too many");
    EXPECT_FALSE(refused.ended());
    timers.advance(0ms);
    ASSERT_TRUE(refused.failure.has_value());
    EXPECT_EQ(refused.failure->kind, Kind::busy);
    EXPECT_EQ(refused.failure->scope, Failure::Scope::source);
    EXPECT_EQ(governor->figures().refused, 1U);
}

TEST_F(GovernorTest, counts_the_characters_that_were_spoken) {
    govern({});
    say("Gr\u00fc\u00df Gott.");
    EXPECT_EQ(governor->figures().characters, 0U);
    timers.run();
    EXPECT_EQ(governor->figures().characters, 10U);
    ScriptedSource refusing{timers, [](const Request&) { return Script{fail_after(1ms, Kind::unavailable)}; }};
    GovernedSource other(*governor, refusing);
    RecordingListener& refused = listeners.emplace_back(timers);
    utterances.push_back(other.say(request_for("Nobody says this."), refused));
    timers.run();
    EXPECT_TRUE(refused.failure.has_value());
    EXPECT_EQ(governor->figures().characters, 10U);
}

TEST_F(GovernorTest, follows_the_maximum_that_replies_tell) {
    govern({});
    governor->note_maximum(2);
    for (int i = 0; i < 6; ++i) say("a");
    EXPECT_EQ(source.live, 2);
    governor->note_maximum(4);
    timers.advance(0ms);
    EXPECT_EQ(source.live, 4);
    governor->note_maximum(1);
    timers.run();
    EXPECT_EQ(source.live_max, 4);
    EXPECT_EQ(governor->figures().limit, 1U);
}

TEST_F(GovernorTest, never_exceeds_the_option_and_takes_its_share_of_the_loops) {
    govern({.requests_max = 10, .loops = 4});
    EXPECT_EQ(governor->figures().limit, 2U);
    governor->note_maximum(40);
    EXPECT_EQ(governor->figures().limit, 2U);
    governor->note_maximum(2);
    EXPECT_EQ(governor->figures().limit, 1U);  // less than one request would be none at all
}

TEST_F(GovernorTest, tells_the_source_what_was_needed_while_it_waited) {
    govern({.requests_max = 1});
    say("a");
    say("b");
    const Instant need = timers.now() + 3s;
    utterances[1]->needed_by(need);
    timers.run();
    EXPECT_EQ(source.needs, std::vector<Instant>{need});
}

TEST_F(GovernorTest, may_lose_a_request_from_inside_its_callback) {
    govern({.requests_max = 1});
    RecordingListener& first = say("a");
    first.when_audio = [&] { utterances[0].reset(); };
    RecordingListener& second = say("b");
    second.when_ended = [&] { utterances[1].reset(); };
    timers.run();
    EXPECT_TRUE(second.finished);
    EXPECT_EQ(governor->figures().in_flight, 0U);
    EXPECT_EQ(timers.waiting(), 0U);
}

}  // namespace
