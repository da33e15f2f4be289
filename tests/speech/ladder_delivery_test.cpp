#include "speech/ladder_fixture.hpp"

namespace {

using namespace speech;
using namespace speech::testing;

class LadderDelivery : public LadderTest {};

TEST_F(LadderDelivery, says_every_sentence_by_the_first_rung_when_all_is_well) {
    say(one + two + three);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one + two + three)}}));
    EXPECT_EQ(socket.texts(), (Texts{one, two, three}));
    EXPECT_EQ(observer.events, (Events{"first audio socket 200 ms", "spoken"}));
    EXPECT_EQ(observer.spoken.sentences, 3U);
    EXPECT_EQ(observer.spoken.sentences_by_fallback, 0U);
    EXPECT_EQ(observer.spoken.audio, audio::duration_of(listener.bytes));
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(LadderDelivery, tells_the_voice_what_stands_before_and_after) {
    say(one + two + three);
    timers.run();
    EXPECT_TRUE(socket.requests[0].previous_text.empty());
    EXPECT_EQ(socket.requests[0].next_text.reveal(), two);
    EXPECT_EQ(socket.requests[1].previous_text.reveal(), one);
    EXPECT_EQ(socket.requests[1].next_text.reveal(), three);
    EXPECT_TRUE(socket.requests[2].next_text.empty());
}

TEST_F(LadderDelivery, tells_where_each_sentence_but_the_last_ends) {
    say(one + two + three);
    timers.run();
    const std::size_t second = one.size() + two.size();
    EXPECT_EQ(listener.sentence_ends, (std::vector<std::pair<std::size_t, std::size_t>>{{one.size(), letters(one)},
                                                                                        {second, letters(one + two)}}));
}

TEST_F(LadderDelivery, a_sentence_of_which_only_the_beginning_was_said_has_no_end) {
    for (auto* source : {&socket, &http, &local})
        source->script = in_turn({{audio_after(10ms, 8000), fail_after(10ms, Kind::unavailable)}});
    say(one + two);
    timers.run();
    EXPECT_EQ(listener.bytes % 8000, 0U);
    EXPECT_TRUE(listener.sentence_ends.empty());
}

TEST_F(LadderDelivery, may_be_let_go_when_a_sentence_ends) {
    listener.when_sentence_ends = [this] { utterance.reset(); };
    say(one + two + three);
    timers.run();
    EXPECT_EQ(listener.bytes, letters(one));
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(LadderDelivery, hands_over_the_first_sentence_as_it_arrives) {
    socket.script = always({audio_after(100ms, 160), audio_after(50ms), finish_after(50ms)});
    say(one);
    timers.advance(100ms);
    EXPECT_EQ(listener.bytes, 160U);
    timers.advance(50ms);
    EXPECT_EQ(listener.bytes, letters(one));
}

TEST_F(LadderDelivery, holds_nothing_back_of_a_sentence_that_is_being_heard) {
    socket.script = always({audio_after(100ms, 8000), audio_after(100ms, 160), finish_after(5s)});
    say(one);
    timers.advance(200ms);  // 900 ms before the caller runs dry
    EXPECT_EQ(listener.bytes, 8160U);
}

TEST_F(LadderDelivery, asks_for_one_sentence_ahead_and_holds_it_until_the_first_is_whole) {
    socket.script = in_turn(
        {{audio_after(100ms, 8000), audio_after(500ms), finish_after(1ms)}, {audio_after(10ms), finish_after(1ms)}});
    say(one + two + three);
    timers.advance(99ms);
    EXPECT_EQ(socket.requests.size(), 1U);  // nothing ahead before the first has begun
    timers.advance(200ms);
    EXPECT_EQ(socket.requests.size(), 2U);  // two is whole, three is not asked for
    EXPECT_EQ(listener.bytes, 8000U);
    timers.run();
    EXPECT_EQ(socket.requests.size(), 3U);
    EXPECT_EQ(socket.live_max, 2);
    EXPECT_EQ(listener.bytes, letters(one + two + three));
}

TEST_F(LadderDelivery, does_not_ask_for_what_is_far_from_being_heard) {
    options.read_ahead_max = 3000ms;
    say(one + two + one + three);  // about 2.3 s each
    timers.advance(4000ms);
    EXPECT_EQ(socket.requests.size(), 3U);
    EXPECT_EQ(listener.bytes, letters(one + two + one));
    timers.advance(1000ms);
    EXPECT_EQ(socket.requests.size(), 4U);
    timers.run();
    EXPECT_TRUE(listener.finished);
}

TEST_F(LadderDelivery, finishes_a_text_that_makes_no_sound) {
    socket.script = always({finish_after(100ms)});
    say(" ... ");
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(listener.bytes, 0U);
    EXPECT_FALSE(saw("failed socket: no audio"));
}

TEST_F(LadderDelivery, finishes_an_empty_text_later_and_without_asking) {
    say("");
    EXPECT_FALSE(listener.finished);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_TRUE(socket.requests.empty());
}

TEST_F(LadderDelivery, leaves_no_trace_of_a_broken_attempt_that_nothing_was_heard_of) {
    // The second sentence breaks off after most of it has come, while the first is still playing.
    socket.script =
        in_turn({says_it(), {audio_after(50ms, letters(two) * 3 / 4), fail_after(100ms, Kind::unavailable, "reset")}});
    http.script = always(says_it());
    say(one + two);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one)}, {from_http, letters(two)}}));
    EXPECT_EQ(http.texts(), Texts{two});
}

TEST_F(LadderDelivery, carries_on_at_the_very_byte_when_the_same_voice_says_it_again) {
    socket.script = always({audio_after(100ms, 5000), fail_after(10ms, Kind::unavailable, "reset")});
    std::vector<std::byte> wave(letters(one));
    for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = static_cast<std::byte>(i * 31 >> 3);
    const audio::Clip clip{std::vector<std::byte>(wave)};
    ScriptedSource first{timers, socket.script, [&](const Request&) { return clip; }};
    ScriptedSource second{timers,
                          always({audio_after(100ms, 3), audio_after(0ms, 6000), audio_after(1ms), finish_after(0ms)}),
                          [&](const Request&) { return clip; }};
    ladder.emplace(std::vector<Rung>{{"socket", &first, "account"}, {"http", &second, "account"}}, nullptr, timers,
                   options);
    say(one);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(second.texts(), Texts{one});
    EXPECT_EQ(listener.heard(), wave);
}

TEST_F(LadderDelivery, carries_on_at_the_word_being_spoken_when_another_voice_takes_over) {
    // 12 letters in: inside "first".
    socket.script = always({audio_after(100ms, 14 * letter_bytes), fail_after(10ms, Kind::refused, "quota_exceeded")});
    say(one);
    timers.run();
    EXPECT_EQ(local.texts(), Texts{"first sentence of all. "});
    EXPECT_EQ(local.requests[0].previous_text.reveal(), "This is the ");
    EXPECT_TRUE(listener.finished);
}

TEST_F(LadderDelivery, judges_the_position_by_the_rate_measured_in_this_message) {
    // A voice of half the usual speed: after 14 letters' worth of audio only 7 have been spoken.
    const auto slowly = [](const Request& request) {
        return audio::Clip(std::vector<std::byte>(request.text.reveal().size() * letter_bytes * 2, from_socket));
    };
    ScriptedSource slow{
        timers, in_turn({says_it(), {audio_after(100ms, 14 * letter_bytes), fail_after(9s, Kind::refused, "quota")}}),
        slowly};
    options.stall_max = 10s;
    ladder.emplace(std::vector<Rung>{{"slow", &slow, "account"}, {"local", &local, "", Rung::Speaks::own_voice}},
                   nullptr, timers, options);
    say(one + two);
    timers.run();
    EXPECT_EQ(local.texts(), Texts{"a second sentence follows it. "});  // 7 letters into "Then a second…"
}

TEST_F(LadderDelivery, holds_an_unfinished_sentence_back_until_the_caller_would_run_dry) {
    socket.script = in_turn(
        {{audio_after(100ms), finish_after(0ms)}, {audio_after(100ms, 8000), audio_after(5s), finish_after(0ms)}});
    options.stall_max = 10s;
    say(one + two);
    timers.advance(200ms);
    EXPECT_EQ(listener.bytes, letters(one));
    const auto dry_at = 100ms + audio::duration_of(letters(one));
    timers.advance(std::chrono::floor<milliseconds>(dry_at) - 200ms - 200ms - 1ms);
    EXPECT_EQ(listener.bytes, letters(one));
    timers.advance(3ms);
    EXPECT_EQ(listener.bytes, letters(one) + 8000U);
}

TEST_F(LadderDelivery, hands_over_earlier_when_told_that_it_is_needed_earlier) {
    socket.script = in_turn(
        {{audio_after(100ms), finish_after(0ms)}, {audio_after(100ms, 8000), audio_after(5s), finish_after(0ms)}});
    options.stall_max = 10s;
    say(one + two);
    timers.advance(300ms);
    utterance->needed_by(timers.now() + 400ms);
    EXPECT_EQ(listener.bytes, letters(one));
    timers.advance(200ms);
    EXPECT_EQ(listener.bytes, letters(one) + 8000U);
}

TEST_F(LadderDelivery, ends_a_message_that_is_longer_than_allowed) {
    options.message_audio_max = 3s;
    say(one + two + three);
    timers.run();
    ASSERT_TRUE(listener.failure.has_value());
    EXPECT_EQ(listener.failure->kind, Kind::cancelled_by_limit);
    EXPECT_EQ(listener.bytes, 24'000U);
    EXPECT_EQ(socket.live + http.live + local.live, 0);
}

TEST_F(LadderDelivery, may_be_cancelled_at_any_moment_and_leaves_nothing_running) {
    socket.script = in_turn({{audio_after(100ms, 5000), fail_after(50ms, Kind::unavailable)}, says_it()});
    for (milliseconds at{0}; at < 3s; at += 7ms) {
        say(one + two + three);
        timers.advance(at);
        utterance.reset();
        EXPECT_EQ(timers.waiting(), 0U);
        EXPECT_EQ(socket.live + http.live + local.live, 0);
        listener.finished = false;
        listener.failure.reset();
    }
}

TEST_F(LadderDelivery, may_be_destroyed_from_inside_every_callback) {
    for (std::size_t last = 1; last <= 3; ++last) {
        listener.clips.clear();
        listener.when_audio = [&] {
            if (listener.clips.size() == last) utterance.reset();
        };
        say(one + two + three);
        timers.run();
        EXPECT_EQ(listener.clips.size(), last);
        EXPECT_FALSE(listener.ended());
        EXPECT_EQ(timers.waiting(), 0U);
    }
    listener.when_audio = nullptr;
    listener.when_ended = [&] { utterance.reset(); };
    say(one);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(LadderDelivery, passes_on_when_the_audio_is_needed) {
    say(one);
    const Instant when = timers.now() + 1234ms;
    utterance->needed_by(when);
    EXPECT_EQ(socket.needs.back(), when);
}

}  // namespace
