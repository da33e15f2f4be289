// One quick retry, then a second way at the same time.

#include "speech/ladder_fixture.hpp"

namespace {

using namespace speech;
using namespace speech::testing;

class LadderStandby : public LadderTest {
protected:
    LadderStandby() { begun_at = timers.now(); }
    milliseconds first_word_after() const {
        return std::chrono::duration_cast<milliseconds>(listener.clips.at(0).first - begun_at);
    }
    void without_http() {
        ladder.emplace(
            std::vector<Rung>{{"socket", &socket, "account"}, {"local", &local, "", Rung::Speaks::own_voice}}, &apology,
            timers, options);
    }
    Instant begun_at;
};

TEST_F(LadderStandby, the_same_voice_speaks_by_whichever_way_is_first) {
    socket.script = always(hangs());
    say(one);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one)}}));
    EXPECT_EQ(first_word_after(), 750ms + 200ms);
    EXPECT_TRUE(saw("failed socket: overtaken"));
    EXPECT_EQ(socket.live + http.live + local.live, 0);
}

TEST_F(LadderStandby, is_sent_away_when_the_first_speaks_after_all) {
    socket.script = always({audio_after(900ms, 4000), audio_after(200ms), finish_after(0ms)});
    say(one);
    timers.advance(800ms);
    EXPECT_EQ(http.live, 1);
    timers.advance(100ms);
    EXPECT_EQ(http.live, 0);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one)}}));
    EXPECT_FALSE(saw("failed socket: overtaken"));
}

TEST_F(LadderStandby, another_voice_waits_until_the_time_of_the_first_is_over) {
    without_http();
    socket.script = always(hangs());
    say(one);
    timers.run();
    EXPECT_EQ(first_word_after(), 1500ms);  // its audio was there
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
    EXPECT_EQ(local.requests.size(), 1U);
}

TEST_F(LadderStandby, another_voice_is_not_heard_when_the_first_speaks_in_its_time) {
    without_http();
    socket.script = always({audio_after(1400ms), finish_after(0ms)});
    say(one);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one)}}));
    EXPECT_EQ(local.requests.size(), 1U);
    EXPECT_FALSE(saw("fell back to local"));
}

TEST_F(LadderStandby, another_voice_speaks_at_once_when_the_first_fails) {
    without_http();
    socket.script = always({fail_after(1000ms, Kind::refused, "quota_exceeded")});
    say(one);
    timers.run();
    EXPECT_EQ(first_word_after(), 1000ms);
    EXPECT_EQ(local.requests.size(), 1U);
}

TEST_F(LadderStandby, comes_after_one_quick_retry) {
    socket.script = in_turn({{fail_after(50ms, Kind::unavailable, "reset")}, hangs()});
    say(one);
    timers.advance(50ms + 300ms);
    EXPECT_EQ(socket.requests.size(), 2U);
    EXPECT_TRUE(http.requests.empty());
    timers.run();
    EXPECT_EQ(socket.requests.size(), 2U);
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one)}}));
    EXPECT_LE(first_word_after(), 1200ms);  // half of what the retry had left, and http's own start
}

TEST_F(LadderStandby, goes_on_at_the_very_byte_of_a_sentence_that_stalls) {
    std::vector<std::byte> wave(letters(one));
    for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = static_cast<std::byte>(i * 31 >> 3);
    const audio::Clip clip{std::vector<std::byte>(wave)};
    const auto sounds = [&](const Request&) { return clip; };
    ScriptedSource first{timers, always({audio_after(100ms, 5000)}), sounds};
    ScriptedSource second{timers, always({audio_after(200ms, 4000), audio_after(1ms), finish_after(0ms)}), sounds};
    ladder.emplace(std::vector<Rung>{{"socket", &first, "account"}, {"http", &second, "account"}}, nullptr, timers,
                   options);
    say(one);
    timers.run();
    EXPECT_EQ(listener.heard(), wave);
    EXPECT_EQ(first.requests.size(), 1U);
    // Before the stall itself had been given up.
    EXPECT_LT(listener.clips.at(1).first - listener.clips.at(0).first, 600ms);
}

TEST_F(LadderStandby, goes_on_at_the_word_of_a_sentence_that_stalls) {
    without_http();
    socket.script = always({audio_after(100ms, 14 * letter_bytes)});  // 12 letters in: inside "first"
    say(one);
    timers.run();
    EXPECT_EQ(local.texts(), Texts{"first sentence of all. "});
    EXPECT_TRUE(saw("failed socket: stalled"));
    EXPECT_EQ(listener.bytes, 14 * letter_bytes + letters("first sentence of all. "));
}

TEST_F(LadderStandby, begins_anew_when_what_the_first_has_said_is_heard_meanwhile) {
    // The second sentence stalls while the first still plays, and is opened when that is over.
    options.stall_max = 4s;
    socket.script = in_turn({says_it(), {audio_after(50ms, 14 * letter_bytes)}});
    without_http();
    say(one + two);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(local.texts().front(), two);
    EXPECT_EQ(local.texts().back(), "second sentence follows it. ");
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one) + 14 * letter_bytes},
                            {from_local, letters("second sentence follows it. ")}}));
}

TEST_F(LadderStandby, is_replaced_when_it_fails_itself) {
    socket.script = always(hangs());
    http.script = always({fail_after(10ms, Kind::unavailable, "http_500")});
    say(one);
    timers.run();
    EXPECT_EQ(first_word_after(), 1500ms);
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
    EXPECT_TRUE(saw("failed http: http_500"));
}

TEST_F(LadderStandby, is_judged_like_any_other_when_it_has_finished_too_early) {
    socket.script = always(hangs());
    local.script = in_turn({{audio_after(10ms, 800), finish_after(0ms)}, says_it()});
    without_http();
    say(one);
    timers.run();
    EXPECT_TRUE(saw("failed local: audio cut short"));
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
}

TEST_F(LadderStandby, is_not_asked_of_the_source_that_keeps_us_waiting) {
    http.script = always(hangs());
    ladder.emplace(std::vector<Rung>{{"http", &http, "account"},
                                     {"http standard", &http, "account", Rung::Speaks::standard_voice},
                                     {"local", &local, "", Rung::Speaks::own_voice}},
                   &apology, timers, options);
    say(one);
    timers.run();
    EXPECT_EQ(http.requests.size(), 1U);
    EXPECT_EQ(first_word_after(), 1500ms);
}

TEST_F(LadderStandby, is_not_asked_while_there_is_plenty_to_hear) {
    socket.script = in_turn({says_it(), {audio_after(800ms), finish_after(0ms)}});
    say(one + two);  // one lasts 2.3 s, of which 1.5 s are left then
    timers.run();
    EXPECT_TRUE(http.requests.empty());
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one + two)}}));
}

}  // namespace
