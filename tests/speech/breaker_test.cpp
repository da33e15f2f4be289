#include "speech/breaker.hpp"

#include "speech/scripted_source.hpp"

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;
using Kind = Failure::Kind;
using State = Breaker::State;

class BreakerTest : public ::testing::Test {
protected:
    // Lets one request run to its end; what came of it.
    std::string ask() {
        RecordingListener listener(timers);
        const auto utterance = guarded.say(request_for("Hello."), listener);
        EXPECT_FALSE(listener.ended());  // never from inside say()
        timers.run();
        return listener.finished ? "finished" : listener.failure ? listener.failure->reason : "nothing";
    }
    void behave(Script script) {
        source.script = [script](const Request&) { return script; };
    }

    ManualTimers timers;
    ScriptedSource source{timers, [](const Request&) { return says_it(); }};
    Breaker breaker{{.failures_max = 3}};
    BreakerSource guarded{breaker, source, timers};
};

const Script fault = {fail_after(10ms, Kind::unavailable, "http_500")};

TEST_F(BreakerTest, passes_everything_through_while_all_is_well) {
    RecordingListener listener(timers);
    const auto utterance = guarded.say(request_for("Hello."), listener);
    utterance->needed_by(timers.now() + 7s);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(listener.bytes, 6 * letter_bytes);
    EXPECT_EQ(source.needs.back(), timers.now() - timers.elapsed() + 7s);
}

TEST_F(BreakerTest, opens_after_several_passing_faults_in_a_row_and_then_fails_fast) {
    behave(fault);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(), "http_500");
    EXPECT_EQ(ask(), "circuit open");
    EXPECT_EQ(source.requests.size(), 3U);
    EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, tells_the_ladder_that_a_retry_is_useless) {
    behave(fault);
    for (int i = 0; i < 3; ++i) ask();
    RecordingListener listener(timers);
    const auto utterance = guarded.say(request_for("Hello."), listener);
    timers.run();
    EXPECT_EQ(listener.failure->kind, Kind::unavailable);
    EXPECT_EQ(listener.failure->scope, Failure::Scope::source);
}

TEST_F(BreakerTest, counts_only_faults_in_a_row) {
    for (int i = 0; i < 10; ++i) {
        behave(fault);
        ask();
        ask();
        behave(says_it());
        EXPECT_EQ(ask(), "finished");
    }
}

TEST_F(BreakerTest, opens_at_once_when_the_account_is_refused) {
    behave({fail_after(10ms, Kind::refused, "invalid_api_key", Failure::Scope::account)});
    ask();
    EXPECT_EQ(ask(), "circuit open");
    timers.advance(14s);  // half of the backoff for accounts is certain
    EXPECT_EQ(ask(), "circuit open");
}

TEST_F(BreakerTest, stays_closed_when_a_text_or_a_voice_is_refused) {
    for (const Kind kind : {Kind::refused, Kind::unknown_voice}) {
        behave({fail_after(10ms, kind, "not this")});
        for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(), "not this");
    }
}

TEST_F(BreakerTest, lets_one_probe_through_after_the_backoff_and_closes_when_it_succeeds) {
    behave(fault);
    for (int i = 0; i < 3; ++i) ask();
    timers.advance(1s);
    behave(says_it());
    RecordingListener probe(timers), other(timers);
    const auto first = guarded.say(request_for("Hello."), probe);
    const auto second = guarded.say(request_for("Hello."), other);
    EXPECT_EQ(breaker.state(), State::half_open);
    timers.run();
    EXPECT_TRUE(probe.finished);
    EXPECT_EQ(other.failure->reason, "circuit open");
    EXPECT_EQ(breaker.state(), State::closed);
    EXPECT_EQ(ask(), "finished");
}

TEST_F(BreakerTest, doubles_the_backoff_with_every_failed_probe_up_to_its_bound) {
    behave(fault);
    for (int i = 0; i < 3; ++i) ask();
    milliseconds last{0};
    for (int probe = 0; probe < 10; ++probe) {
        milliseconds waited{0};
        while (ask() == "circuit open") {
            timers.advance(10ms);
            waited += 10ms;
        }
        const milliseconds backoff = std::min<milliseconds>(1000ms * (1 << probe), 60s);
        EXPECT_GE(waited, backoff / 2 - 20ms);
        EXPECT_LE(waited, backoff + 20ms);
        last = waited;
    }
    EXPECT_GE(last, 30s - 20ms);
}

TEST_F(BreakerTest, counts_an_end_without_audio_as_a_fault) {
    behave({finish_after(10ms)});
    for (int i = 0; i < 3; ++i) ask();
    EXPECT_EQ(ask(), "circuit open");
}

TEST_F(BreakerTest, counts_a_request_given_up_after_long_silence_but_not_an_early_hang_up) {
    behave(hangs());
    const auto give_up_after = [&](milliseconds patience) {
        RecordingListener listener(timers);
        const auto utterance = guarded.say(request_for("Hello."), listener);
        timers.advance(patience);
    };
    for (int i = 0; i < 10; ++i) give_up_after(100ms);
    EXPECT_EQ(breaker.state(), State::closed);
    for (int i = 0; i < 3; ++i) give_up_after(700ms);
    EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, counts_a_stream_that_stalled_but_not_one_cut_off_while_it_flowed) {
    Script flowing(100, audio_after(50ms, 10));
    const auto cut_after = [&](const Script& script, milliseconds time) {
        behave(script);
        RecordingListener listener(timers);
        const auto utterance = guarded.say(request_for("Hello, this is long."), listener);
        timers.advance(time);
    };
    for (int i = 0; i < 5; ++i) cut_after(flowing, 2s);
    EXPECT_EQ(breaker.state(), State::closed);
    for (int i = 0; i < 3; ++i) cut_after({audio_after(50ms, 10)}, 2s);
    EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, offers_the_probe_again_when_it_was_abandoned) {
    behave(fault);
    for (int i = 0; i < 3; ++i) ask();
    timers.advance(1s);
    behave(says_it());
    {
        RecordingListener listener(timers);
        const auto utterance = guarded.say(request_for("Hello."), listener);
    }
    EXPECT_EQ(ask(), "finished");
}

}  // namespace
