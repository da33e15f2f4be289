// The sockets under ElevenLabsWebSocket: how many there are, when they open and end, and what becomes of the texts on
// one that breaks.

#include "tests/gateway/elevenlabs_ws_fixture.hpp"

#include <vector>

namespace {

using namespace std::chrono_literals;
using speech::Failure;

class SpeechSockets : public test::ElevenLabsWsFixture {
protected:
    Speech& say_as(const speech::Voice& voice) {
        auto request = test::speech_request("Hello caller.");
        request.voice = voice;
        return say(request);
    }
    std::size_t open_now() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(server.peers, [](const auto& peer) { return !peer->closed_with; }));
    }
};

TEST_F(SpeechSockets, a_hundred_texts_in_a_row_use_one) {
    server.speak("\x7F");
    for (int i = 0; i < 100; ++i) {
        const auto& speech = say();
        ASSERT_TRUE(run_until_ended(speech));
        ASSERT_TRUE(speech.recorder.finished);
    }
    EXPECT_EQ(server.attempts, 1u);
}

TEST_F(SpeechSockets, six_texts_at_once_use_two) {
    for (int i = 0; i < 6; ++i) say();
    ASSERT_TRUE(run_until_asked(5, 0));
    ASSERT_TRUE(run_until_asked(1, 1));
    EXPECT_EQ(server.attempts, 2u);
    for (const char* id : {"5", "3", "1", "2", "4"}) finish(0, id, std::string("\x7F") + id);
    finish(1, "1", "\x7F\x7E");
    std::size_t on_first = 0;
    for (const Speech& speech : speeches) {
        ASSERT_TRUE(run_until_ended(speech));
        const std::string own = on_first < 5 ? std::to_string(++on_first) : "\x7E";
        EXPECT_EQ(speech.recorder.heard, "\x7F" + own) << "everybody hears its own context";
    }
}

TEST_F(SpeechSockets, the_place_of_a_cancelled_text_is_free_when_its_end_has_come) {
    for (int i = 0; i < 5; ++i) say();
    ASSERT_TRUE(run_until_asked(5));
    speeches.front().utterance.reset();
    server.peer(0).send_audio("1", "\x7F");
    ASSERT_TRUE(run_until([&] { return server.peer(0).closed.size() == 1; }));
    say();
    ASSERT_TRUE(run_until_asked(1, 1));

    server.peer(0).send_final("1");
    ASSERT_TRUE(run_until([&] { return source().figures().contexts == 5; }));
    say();
    ASSERT_TRUE(run_until_asked(6, 0));
    EXPECT_EQ(server.attempts, 2u);
}

TEST_F(SpeechSockets, one_whose_cancelled_text_never_ends_goes_with_its_last_listener) {
    options.sockets.socket.cancelled_final_max = 40ms;
    auto& stuck = say();
    auto& other = say();
    ASSERT_TRUE(run_until_asked(2));
    Peer& peer = server.peer(0);
    peer.send_audio("1", "\x7F");
    peer.send_audio("2", "\x7F");
    ASSERT_TRUE(run_until([&] { return peer.closed.size() == 2; }));
    stuck.utterance.reset();
    EXPECT_TRUE(stays_false([&] { return peer.closed_with.has_value(); }, 100ms)) << "somebody listens";
    EXPECT_FALSE(other.recorder.ended());
    say();
    ASSERT_TRUE(run_until_asked(1, 1)) << "it takes no more";
    peer.send_final("2");
    EXPECT_TRUE(run_until([&] { return peer.closed_with.has_value(); }));
    EXPECT_TRUE(other.recorder.finished);
}

TEST_F(SpeechSockets, one_that_answers_nobody_gets_no_further_texts) {
    options.sockets.socket.silence_max = 100ms;
    say();
    say();
    ASSERT_TRUE(run_until_asked(2));
    EXPECT_TRUE(stays_false([] { return false; }, 120ms));
    say();
    ASSERT_TRUE(run_until_asked(1, 1));
    server.peer(0).send_audio("2", "\x7F");
    ASSERT_TRUE(run_until([&] { return server.peer(0).closed.size() == 1; }));
    say();
    EXPECT_TRUE(run_until([&] { return server.peer(0).asked.size() + server.peer(1).asked.size() == 4; }));
    EXPECT_EQ(server.attempts, 2u) << "it speaks again, so it is used again";
}

TEST_F(SpeechSockets, one_that_never_opens_is_not_waited_for_by_later_texts) {
    options.sockets.socket.silence_max = 30ms;
    options.sockets.connect_timeout = 600ms;
    server.silent = true;
    auto& first = say();
    ASSERT_TRUE(run_until([&] { return server.attempts == 1; }));
    EXPECT_TRUE(stays_false([] { return false; }, 40ms));
    server.silent = false;
    server.speak("\x7F");
    EXPECT_TRUE(run_until_ended(say()));
    EXPECT_FALSE(first.recorder.ended());
    const Failure failure = failure_of(first);
    EXPECT_EQ(failure.kind, Failure::Kind::unavailable);
    EXPECT_EQ(failure.reason, "connection failed");
}

TEST_F(SpeechSockets, are_shared_by_settings_but_not_by_voices_models_and_languages) {
    server.speak("\x7F");
    const std::vector<speech::Voice> voices{
        {.id = "a"}, {.id = "a", .settings = {.stability = 0.1}}, {.id = "b"},
        {.id = "a"}, {.id = "a", .model = "eleven_turbo_v2_5"},   {.id = "a", .language = "de"}};
    for (const auto& voice : voices) ASSERT_TRUE(run_until_ended(say_as(voice)));
    EXPECT_EQ(server.attempts, 4u);
    EXPECT_EQ(server.peer(0).asked.size(), 3u);
}

TEST_F(SpeechSockets, are_bounded_and_idle_ones_make_way_for_another_voice) {
    options.sockets.sockets_max = 2;
    auto& a = say_as({.id = "a"});
    say_as({.id = "b"});
    const Failure failure = failure_of(say_as({.id = "c"}));
    EXPECT_EQ(failure.kind, Failure::Kind::busy);
    EXPECT_EQ(failure.scope, Failure::Scope::source);

    ASSERT_TRUE(run_until_asked(1, 0) && run_until_asked(1, 1));
    const std::size_t of_a = server.peer(0).target.contains("/a/") ? 0 : 1;
    finish(of_a, "1", "\x7F");
    ASSERT_TRUE(run_until_ended(a));
    say_as({.id = "c"});
    ASSERT_TRUE(run_until_asked(1, 2));
    EXPECT_TRUE(run_until([&] { return server.peer(of_a).close_socket_came; }));
    EXPECT_FALSE(server.peer(1 - of_a).close_socket_came);
}

TEST_F(SpeechSockets, are_opened_ahead_and_left_in_peace_until_they_are_needed) {
    options.sockets.contexts_ahead = 1;
    source();
    ASSERT_TRUE(run_until([&] { return server.peers.size() == 1; }));
    EXPECT_TRUE(stays_false([&] { return !server.peer(0).messages.empty() || server.attempts > 1; }));
    server.speak("\x7F");
    ASSERT_TRUE(run_until_ended(say()));
    EXPECT_EQ(server.attempts, 1u);
}

TEST_F(SpeechSockets, keep_room_ahead_while_texts_use_it_up) {
    options.sockets.contexts_ahead = 2;
    for (int i = 0; i < 3; ++i) say();
    ASSERT_TRUE(run_until_asked(3));
    EXPECT_TRUE(stays_false([&] { return server.attempts > 1; })) << "two places are left";
    say();
    EXPECT_TRUE(run_until([&] { return server.peers.size() == 2; }));
}

TEST_F(SpeechSockets, idle_ones_are_renewed_before_they_are_too_old_and_closed_politely) {
    options.sockets.contexts_ahead = 1;
    options.sockets.idle_max = 400ms;
    source();
    ASSERT_TRUE(run_until([&] { return server.peers.size() >= 2; }));
    EXPECT_FALSE(server.peer(0).closed_with) << "the successor comes first";
    EXPECT_GE(server.peer(1).opened_at - server.peer(0).opened_at, 300ms);
    ASSERT_TRUE(run_until([&] { return server.peer(0).closed_with.has_value(); }));
    EXPECT_TRUE(server.peer(0).close_socket_came);
    EXPECT_EQ(server.peer(0).closed_with, 1000);
    EXPECT_EQ(open_now(), 1u);
}

TEST_F(SpeechSockets, leave_elevenlabs_alone_when_nobody_has_spoken_for_long) {
    options.sockets.contexts_ahead = 1;
    options.sockets.idle_max = 30ms;
    options.sockets.warm_for = 300ms;
    source();
    ASSERT_TRUE(run_until([&] { return server.attempts >= 2; }));
    ASSERT_TRUE(run_until([&] { return source().figures().sockets == 0; }));
    const std::size_t attempts = server.attempts;
    EXPECT_TRUE(stays_false([&] { return server.attempts > attempts; }, 150ms));
    server.speak("\x7F");
    ASSERT_TRUE(run_until_ended(say())) << "and the next text opens one";
}

TEST_F(SpeechSockets, an_error_frame_fails_every_text_by_its_name) {
    struct Case {
        const char* error;
        Failure::Kind kind;
        Failure::Scope scope;
    };
    using Kind = Failure::Kind;
    using Scope = Failure::Scope;
    for (const auto& [error, kind, scope] :
         {Case{"invalid_api_key", Kind::refused, Scope::account}, Case{"quota_exceeded", Kind::refused, Scope::account},
          Case{"voice_id_does_not_exist", Kind::unknown_voice, Scope::attempt},
          Case{"max_active_conversations", Kind::busy, Scope::attempt},
          Case{"input_timeout_exceeded", Kind::unavailable, Scope::attempt},
          Case{"invalid_voice_settings", Kind::unavailable, Scope::source}}) {
        const std::size_t index = server.peers.size();
        const auto& first = say();
        const auto& second = say();
        ASSERT_TRUE(run_until_asked(2, index));
        server.peer(index).send_error(error);
        for (const Failure& failure : {failure_of(first), failure_of(second)}) {
            EXPECT_EQ(failure.kind, kind) << error;
            EXPECT_EQ(failure.reason, error);
            EXPECT_EQ(failure.scope, scope) << error;
        }
        EXPECT_TRUE(run_until([&] { return server.peer(index).closed_with.has_value(); })) << "nobody waits for it";
    }
}

TEST_F(SpeechSockets, an_error_frame_that_names_a_text_fails_that_one_first) {
    const auto& first = say();
    const auto& second = say();
    ASSERT_TRUE(run_until_asked(2));
    server.peer(0).send(R"({"error":"system_busy","code":1008,"contextId":"1"})");
    EXPECT_EQ(failure_of(first).kind, Failure::Kind::busy);
    EXPECT_FALSE(second.recorder.ended());
    finish(0, "2", "\x7F");
    ASSERT_TRUE(run_until_ended(second));
    EXPECT_TRUE(second.recorder.finished);
}

TEST_F(SpeechSockets, a_close_fails_every_text_before_and_in_its_audio_and_the_next_comes_back) {
    struct Case {
        std::uint16_t code;
        const char* reason;
    };
    for (const auto& [code, reason] :
         {Case{1000, "closed with 1000"}, Case{1006, "cut off"}, Case{1008, "closed with 1008"},
          Case{1011, "closed with 1011"}, Case{1012, "closed with 1012"}, Case{4711, "closed"}}) {
        const std::size_t index = server.peers.size();
        const auto& waits = say();
        const auto& speaks = say();
        ASSERT_TRUE(run_until_asked(2, index));
        Peer& peer = server.peer(index);
        peer.send_audio("2", "\x7F");
        ASSERT_TRUE(run_until([&] { return !speaks.recorder.clips.empty(); }));
        code == 1006 ? peer.reset() : peer.close(code);
        for (const Failure& failure : {failure_of(waits), failure_of(speaks)}) {
            EXPECT_EQ(failure.kind, Failure::Kind::unavailable);
            EXPECT_EQ(failure.scope, Failure::Scope::attempt);
            EXPECT_EQ(failure.reason, reason);
        }
    }
}

TEST_F(SpeechSockets, what_is_no_speech_message_fails_every_text) {
    for (const char* text : {"<html>Please log in.</html>", R"({"audio":"///","contextId":"1"})"}) {
        const std::size_t index = server.peers.size();
        const auto& speech = say();
        ASSERT_TRUE(run_until_asked(1, index));
        server.peer(index).send(text);
        EXPECT_EQ(failure_of(speech).reason, "unreadable frame");
        EXPECT_TRUE(run_until([&] { return server.peer(index).closed_with.has_value(); }));
    }
}

TEST_F(SpeechSockets, a_refused_upgrade_tells_of_key_and_voice_only_in_elevenlabs_own_words) {
    const auto refused_with = [&](int status, std::string body) {
        server.refusal =
            http::Response{.status = status, .content_type = "text/plain", .body = std::move(body), .headers = {}};
        return failure_of(say());
    };
    const Failure proxy = refused_with(403, "<html>No WebSockets here.</html>");
    EXPECT_EQ(proxy.kind, Failure::Kind::unavailable) << "HTTP may still work";
    EXPECT_EQ(proxy.scope, Failure::Scope::source);
    EXPECT_EQ(proxy.reason, "http_403");
    EXPECT_EQ(refused_with(403, R"({"error":"Forbidden"})").kind, Failure::Kind::unavailable);
    EXPECT_EQ(refused_with(502, "Bad gateway").scope, Failure::Scope::attempt);
    EXPECT_EQ(refused_with(400, R"({"detail":{"status":"unsupported_model"}})").scope, Failure::Scope::source);
    const Failure key = refused_with(401, R"({"detail":{"code":"invalid_api_key"}})");
    EXPECT_EQ(key.kind, Failure::Kind::refused);
    EXPECT_EQ(key.scope, Failure::Scope::account);
}

TEST_F(SpeechSockets, a_wrong_key_is_not_tried_again_and_again) {
    options.sockets.contexts_ahead = 1;
    options.sockets.backoff_min = options.sockets.backoff_max = 1ms;
    server.on_open = [](Peer& peer) { peer.send_error("invalid_api_key"); };
    source();
    ASSERT_TRUE(run_until([&] { return server.peers.size() == 1 && server.peer(0).closed_with; }));
    EXPECT_TRUE(stays_false([&] { return server.attempts > 1; }, 300ms));
    EXPECT_EQ(failure_of(say()).kind, Failure::Kind::refused) << "a text is still tried: the key may have been mended";
    EXPECT_TRUE(stays_false([&] { return server.attempts > 2; }));
}

TEST_F(SpeechSockets, come_back_after_failures_in_growing_intervals) {
    options.sockets.contexts_ahead = 1;
    options.sockets.backoff_min = 20ms;
    options.sockets.backoff_max = 80ms;
    server.on_open = [](Peer& peer) { peer.close(1012); };
    source();
    ASSERT_TRUE(run_until([&] { return server.peers.size() == 6; }));
    for (std::size_t i = 1; i < 6; ++i) {
        const auto least = std::min(20ms * (1 << (i - 1)), 80ms) / 2;
        EXPECT_GE(server.peer(i).opened_at - server.peer(i - 1).opened_at, least) << i;
    }
}

TEST_F(SpeechSockets, a_text_does_not_wait_for_the_backoff_and_its_audio_ends_it) {
    options.sockets.contexts_ahead = 6;
    options.sockets.backoff_min = options.sockets.backoff_max = 1h;
    server.on_open = [](Peer& peer) { peer.close(1011); };
    source();
    ASSERT_TRUE(run_until([&] { return !server.peers.empty() && source().figures().sockets == 0; }));
    const std::size_t attempts = server.attempts;
    EXPECT_TRUE(stays_false([&] { return server.attempts > attempts; }));
    server.on_open = nullptr;
    server.speak("\x7F");
    ASSERT_TRUE(run_until_ended(say()));
    EXPECT_TRUE(run_until([&] { return server.attempts == attempts + 2; })) << "room ahead is kept again";
}

TEST_F(SpeechSockets, an_unknown_voice_of_one_caller_does_not_keep_the_default_voice_waiting) {
    options.sockets.contexts_ahead = 1;
    options.sockets.idle_max = 60ms;
    source();
    ASSERT_TRUE(run_until([&] { return server.peers.size() == 1; }));
    server.on_open = [](Peer& peer) {
        if (peer.target.contains("/nobody/")) peer.send_error("voice_id_does_not_exist");
    };
    EXPECT_EQ(failure_of(say_as({.id = "nobody"})).kind, Failure::Kind::unknown_voice);
    EXPECT_TRUE(run_until([&] { return server.attempts >= 4; })) << "still renewed";
}

}  // namespace
