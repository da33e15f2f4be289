#include "speech/ladder_fixture.hpp"

namespace {

using namespace speech;
using namespace speech::testing;

class LadderRungs : public LadderTest {};

TEST_F(LadderRungs, retries_once_soon_after_a_passing_fault) {
    socket.script = in_turn({{fail_after(50ms, Kind::unavailable, "reset")}, says_it()});
    say(one);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one)}}));
    const auto first_audio =
        std::chrono::duration_cast<milliseconds>(listener.clips[0].first - (timers.now() - timers.elapsed()));
    EXPECT_GE(first_audio, 50ms + 100ms + 200ms);
    EXPECT_LE(first_audio, 50ms + 300ms + 200ms);
    EXPECT_TRUE(http.requests.empty());
    EXPECT_TRUE(saw("failed socket: reset"));
    EXPECT_FALSE(saw("fell back to http"));
}

TEST_F(LadderRungs, goes_to_the_next_rung_when_the_retry_fails_too) {
    socket.script = always({fail_after(50ms, Kind::unavailable, "reset")});
    say(one);
    timers.run();
    EXPECT_EQ(socket.requests.size(), 2U);
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one)}}));
    EXPECT_EQ(http.requests[0].voice.id, "asked");
    EXPECT_EQ(std::ranges::count(observer.events, "failed socket: reset"), 1);  // once for a reason
    EXPECT_TRUE(saw("fell back to http"));
    EXPECT_EQ(observer.spoken.sentences_by_fallback, 1U);
}

TEST_F(LadderRungs, does_not_retry_what_is_known_to_be_down) {
    socket.script = always({fail_after(0ms, Kind::unavailable, "circuit open", Failure::Scope::source)});
    say(one);
    timers.run();
    EXPECT_EQ(socket.requests.size(), 1U);
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one)}}));
}

TEST_F(LadderRungs, asks_for_the_standard_voice_when_the_asked_one_is_unknown) {
    socket.script = always({fail_after(50ms, Kind::unknown_voice, "voice_not_found")});
    say(one + two);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one + two)}}));
    EXPECT_EQ(http.requests[0].voice.id, "standard");
    EXPECT_EQ(socket.requests.size(), 1U);  // two began at the rung that worked
    EXPECT_TRUE(saw("fell back to http standard"));
}

TEST_F(LadderRungs, turns_to_the_local_voice_when_the_standard_voice_itself_is_unknown) {
    socket.script = http.script = always({fail_after(50ms, Kind::unknown_voice, "voice_not_found")});
    say(one, "");  // no voice asked for: the standard one
    timers.run();
    EXPECT_EQ(socket.requests[0].voice.id, "standard");
    EXPECT_TRUE(http.requests.empty());
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
}

TEST_F(LadderRungs, turns_straight_to_the_local_voice_when_the_account_refuses) {
    socket.script = always({fail_after(50ms, Kind::refused, "invalid_api_key")});
    say(one + two);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one + two)}}));
    EXPECT_TRUE(http.requests.empty());
    EXPECT_EQ(socket.requests.size(), 1U);
    EXPECT_EQ(local.requests[0].voice.id, "");
    EXPECT_EQ(local.texts(), (Texts{one, two}));
}

TEST_F(LadderRungs, does_not_try_another_voice_of_a_source_that_is_down) {
    socket.script = http.script = always({fail_after(50ms, Kind::unavailable, "http_500")});
    say(one);
    timers.run();
    for (const Request& request : http.requests) EXPECT_EQ(request.voice.id, "asked");
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
}

TEST_F(LadderRungs, gives_a_rung_two_chances_and_then_leaves_it_for_the_rest_of_the_message) {
    socket.script = http.script = always({fail_after(20ms, Kind::unavailable, "http_500")});
    say(one + two + three);
    timers.run();
    EXPECT_EQ(socket.requests.size(), 4U);  // two sentences, a retry each
    EXPECT_EQ(local.requests.size(), 3U);
    EXPECT_TRUE(listener.finished);
}

TEST_F(LadderRungs, does_not_wait_longer_than_the_rung_may_take_for_its_first_byte) {
    socket.script = http.script = always(hangs());
    say(one);
    timers.advance(1499ms);
    EXPECT_EQ(socket.live, 1);
    timers.advance(1ms);
    EXPECT_EQ(socket.live, 0);
    EXPECT_EQ(http.live, 1);
    timers.advance(749ms);  // http was asked when half of the socket's time was over
    EXPECT_TRUE(listener.clips.empty());
    timers.advance(1ms);
    EXPECT_EQ(runs(), (Runs{{from_local, letters(one)}}));
    EXPECT_TRUE(saw("failed socket: first audio timeout"));
    EXPECT_TRUE(saw("failed http: first audio timeout"));
}

TEST_F(LadderRungs, takes_an_end_without_audio_for_a_failure) {
    socket.script = always({finish_after(100ms)});
    say(one);
    timers.run();
    EXPECT_TRUE(saw("failed socket: no audio"));
    EXPECT_EQ(runs(), (Runs{{from_http, letters(one)}}));
}

TEST_F(LadderRungs, takes_audio_too_short_for_its_text_for_a_failure) {
    socket.script = always({audio_after(100ms, 800), finish_after(10ms)});
    say(one);
    timers.run();
    EXPECT_TRUE(saw("failed socket: audio cut short"));
    EXPECT_EQ(listener.bytes, letters(one));
}

TEST_F(LadderRungs, gives_up_a_sentence_that_stalls_before_the_silence_is_long) {
    socket.script = always({audio_after(100ms, 4000)});
    http.script = always(hangs());
    say(one);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_TRUE(saw("failed socket: stalled"));
    const Instant silent_at = listener.clips[0].first + audio::duration_of(4000);
    EXPECT_LE(listener.clips[1].first - silent_at, 1200ms);
}

TEST_F(LadderRungs, waits_for_a_stalled_sentence_while_there_is_plenty_to_hear) {
    socket.script = in_turn({says_it(), {audio_after(50ms, 4000), audio_after(700ms), finish_after(0ms)}});
    say(one + two);
    timers.run();
    EXPECT_EQ(runs(), (Runs{{from_socket, letters(one + two)}}));
    EXPECT_EQ(socket.requests.size(), 2U);
}

TEST_F(LadderRungs, gives_up_a_voice_that_is_slower_than_it_plays) {
    Script drip;
    for (int i = 0; i < 200; ++i) drip.push_back(audio_after(40ms, 160));  // 20 ms of audio every 40 ms
    socket.script = always(drip);
    say(one);
    timers.run();
    EXPECT_TRUE(saw("failed socket: slower than real time"));
    EXPECT_EQ(listener.bytes, letters(one));
}

TEST_F(LadderRungs, has_less_patience_with_the_next_one_when_the_caller_has_heard_silence_already) {
    Script drip{audio_after(100ms, 8000)};
    for (int i = 0; i < 100; ++i) drip.push_back(audio_after(100ms, 80));
    socket.script = always(drip);
    http.script = always(hangs());
    say(one);
    timers.run();
    EXPECT_TRUE(saw("failed socket: slower than real time"));
    EXPECT_TRUE(saw("failed http: first audio timeout"));
    const auto by_local = std::ranges::find_if(
        listener.clips, [](const auto& heard) { return heard.second.bytes().front() == from_local; });
    ASSERT_NE(by_local, listener.clips.end());
    std::size_t before = 0;
    for (const auto& [when, clip] : std::ranges::subrange(listener.clips.begin(), by_local)) before += clip.size();
    const auto silence = by_local->first - listener.clips.front().first - audio::duration_of(before);
    EXPECT_LE(silence, LadderOptions{}.silence_budget + 100ms);
}

TEST_F(LadderRungs, bears_a_slow_voice_when_there_is_no_other) {
    Script drip(110, audio_after(40ms, 160));
    drip.push_back(audio_after(40ms));
    drip.push_back(finish_after(0ms));
    ScriptedSource slow{timers, always(drip), sound(from_local)};
    ladder.emplace(std::vector<Rung>{{"local", &slow, "", Rung::Speaks::own_voice}}, nullptr, timers, options);
    say(one);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(slow.requests.size(), 1U);
}

TEST_F(LadderRungs, bears_a_pause_of_the_last_voice_as_long_as_it_would_wait_for_its_first_word) {
    ScriptedSource busy{timers, always({audio_after(100ms, 160), audio_after(1'400ms), finish_after(1ms)}),
                        sound(from_local)};
    ladder.emplace(std::vector<Rung>{{"local", &busy, "", Rung::Speaks::own_voice, 1'500ms}}, nullptr, timers, options);
    say(one);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(busy.requests.size(), 1U);
}

TEST_F(LadderRungs, apologises_once_when_nothing_else_is_left) {
    socket.script = always({fail_after(10ms, Kind::refused, "quota_exceeded")});
    local.script = always({fail_after(10ms, Kind::unavailable, "no voice")});
    say(one + two);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_EQ(runs(), (Runs{{sorry, 8000}}));
    EXPECT_TRUE(saw("fell back to apology"));
    EXPECT_TRUE(saw("not spoken"));
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(LadderRungs, fails_when_even_the_apology_is_missing) {
    socket.script = always({fail_after(10ms, Kind::refused, "quota_exceeded")});
    local.script = always({fail_after(10ms, Kind::unavailable, "no voice")});
    RecordedSource silence{audio::Clip{}, timers};
    ladder.emplace(std::vector<Rung>{{"socket", &socket, "account"}, {"local", &local, ""}}, &silence, timers, options);
    say(one);
    timers.run();
    ASSERT_TRUE(listener.failure.has_value());
    EXPECT_EQ(listener.failure->reason, "no voice");
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(LadderRungs, gives_up_a_sentence_that_does_not_end) {
    options.sentence_audio_max = 5s;
    Script endless(1000, audio_after(10ms, 800));
    ScriptedSource babble{timers, always(endless),
                          [](const Request&) { return audio::Clip(std::vector<std::byte>(800'000)); }};
    ladder.emplace(std::vector<Rung>{{"babble", &babble, "account"}, {"local", &local, "", Rung::Speaks::own_voice}},
                   nullptr, timers, options);
    say(one + two);
    timers.run();
    EXPECT_TRUE(listener.finished);
    EXPECT_TRUE(saw("failed babble: endless audio"));
    EXPECT_LE(listener.bytes, 5 * 8000U + 800U + 5 * 8000U + letters(two));
}

}  // namespace
