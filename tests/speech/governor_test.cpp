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
    void govern(RequestSlots::Options options, Governor::Options own = {}) {
        slots.emplace(options);
        governor.emplace(*slots, timers, post, own);
        governed.emplace(*governor, source);
    }
    std::size_t in_flight() const { return slots->figures(timers.now()).in_flight; }
    RecordingListener& say(std::string text) {
        RecordingListener& listener = listeners.emplace_back(timers);
        utterances.push_back(governed->say(request_for(std::move(text)), listener));
        return listener;
    }

    ManualTimers timers;
    std::vector<std::unique_ptr<Timers::Timer>> posted;
    const Governor::Post post = [this](std::function<void()> work) {
        posted.push_back(timers.after(0ms, std::move(work)));
    };
    ScriptedSource source{timers, [](const Request&) { return says_it(); }};
    std::optional<RequestSlots> slots;
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
    EXPECT_EQ(in_flight(), 0U);
    EXPECT_EQ(governor->waiting(), 0U);
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
    govern({.requests_max = 1}, {.waiting_max = 2});
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
    const auto utterance = other.say(request_for("Nobody says this."), refused);
    timers.run();
    EXPECT_TRUE(refused.failure.has_value());
    EXPECT_EQ(governor->figures().characters, 10U);
}

TEST_F(GovernorTest, lets_all_loops_together_use_the_whole_plan_and_no_more) {
    govern({.requests_max = 3});
    Governor other_loop(*slots, timers, post);
    GovernedSource on_other_loop(other_loop, source);
    say("a");
    say("b");
    say("c");
    RecordingListener listener(timers);
    const auto waits = on_other_loop.say(request_for("d"), listener);
    EXPECT_EQ(source.live, 3);
    utterances[0].reset();
    timers.advance(0ms);
    EXPECT_EQ(source.texts(), (Texts{"a", "b", "c", "d"}));
    timers.run();
    EXPECT_EQ(source.live_max, 3);
    EXPECT_TRUE(listener.finished);
}

TEST_F(GovernorTest, serves_first_whose_caller_runs_dry_first_on_whichever_loop) {
    govern({.requests_max = 1});
    Governor other_loop(*slots, timers, post);
    GovernedSource on_other_loop(other_loop, source);
    say("running");
    say("late");
    utterances.back()->needed_by(timers.now() + 9s);
    RecordingListener listener(timers);
    const auto urgent = on_other_loop.say(request_for("soon"), listener);
    urgent->needed_by(timers.now() + 1s);
    timers.run();
    EXPECT_EQ(source.texts(), (Texts{"running", "soon", "late"}));
}

// Its slot is on the way to it when it leaves.
TEST_F(GovernorTest, gives_back_a_slot_that_comes_too_late) {
    govern({.requests_max = 1});
    say("a");
    say("b");
    say("c");
    utterances[0].reset();
    utterances[1].reset();
    timers.run();
    EXPECT_EQ(source.texts(), (Texts{"a", "c"}));
    EXPECT_EQ(in_flight(), 0U);
}

TEST_F(GovernorTest, a_changed_need_does_not_lose_the_slot_that_is_on_the_way) {
    govern({.requests_max = 1});
    say("a");
    say("b");
    utterances[0].reset();
    utterances[1]->needed_by(timers.now() + 3s);
    timers.run();
    EXPECT_TRUE(listeners[1].finished);
    EXPECT_EQ(in_flight(), 0U);
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
    EXPECT_EQ(in_flight(), 0U);
    EXPECT_EQ(timers.waiting(), 0U);
}

}  // namespace
