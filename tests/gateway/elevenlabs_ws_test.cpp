// One text on ElevenLabsWebSocket: how it is asked for, heard and cancelled. The sockets it travels on:
// speech_sockets_test.

#include "tests/gateway/elevenlabs_ws_fixture.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace {

using namespace std::chrono_literals;
using speech::Failure;

class ElevenLabsWs : public test::ElevenLabsWsFixture {};

TEST_F(ElevenLabsWs, opens_a_context_with_its_settings_then_says_the_text) {
    server.speak("\x7F\x7E");
    auto request = test::speech_request("Hello caller.");
    request.voice = {.id = "voice/7", .settings = {.stability = 0.25}, .model = "eleven_turbo_v2_5", .language = "de"};
    ASSERT_TRUE(run_until_ended(say(request)));
    const Peer& peer = server.peer(0);
    EXPECT_EQ(peer.key, "key-0123456789");
    EXPECT_EQ(peer.target,
              "/v1/text-to-speech/voice%2F7/multi-stream-input?model_id=eleven_turbo_v2_5&output_format=ulaw_8000"
              "&auto_mode=true&inactivity_timeout=180&language_code=de");
    ASSERT_EQ(peer.messages.size(), 3u);
    EXPECT_EQ(peer.messages[0].at("voice_settings").at("stability"), 0.25);
    EXPECT_EQ(peer.messages[1].at("text"), "Hello caller. ");
    EXPECT_EQ(peer.messages[1].at("flush"), true);
    EXPECT_EQ(peer.messages[2].at("close_context"), true);
}

TEST_F(ElevenLabsWs, uses_the_default_voice_and_model_where_the_request_names_none) {
    server.speak("\x7F");
    ASSERT_TRUE(run_until_ended(say()));
    EXPECT_TRUE(server.peer(0).target.starts_with(
        "/v1/text-to-speech/standard-voice/multi-stream-input?model_id=eleven_flash_v2_5&"));
    EXPECT_FALSE(server.peer(0).target.contains("language_code"));
}

TEST_F(ElevenLabsWs, hands_on_audio_as_it_arrives_and_ends_at_the_final_frame) {
    auto& [recorder, utterance] = say();
    ASSERT_TRUE(run_until_asked(1));
    Peer& peer = server.peer(0);
    std::string sent;
    for (std::size_t i = 1; i <= 5; ++i) {
        std::string piece;
        for (std::size_t k = 0; k < 301 * i; ++k) piece += static_cast<char>(i * 31 + k);
        sent += piece;
        peer.send_audio("1", piece);
        ASSERT_TRUE(run_until([&] { return recorder.heard.size() == sent.size(); }));
        EXPECT_EQ(recorder.clips.size(), i);
    }
    EXPECT_FALSE(recorder.ended());
    peer.send_final("1");
    ASSERT_TRUE(run_until([&] { return recorder.ended(); }));
    EXPECT_TRUE(recorder.finished);
    EXPECT_EQ(recorder.heard, sent);
    EXPECT_EQ(peer.closed, std::vector<std::string>{"1"}) << "closed once";
}

TEST_F(ElevenLabsWs, takes_a_frame_of_a_megabyte) {
    const std::string mulaw(1'000'000, '\x7F');
    server.speak(mulaw);
    const auto& speech = say();
    ASSERT_TRUE(run_until_ended(speech));
    EXPECT_TRUE(speech.recorder.finished);
    EXPECT_EQ(speech.recorder.heard.size(), mulaw.size());
    EXPECT_EQ(speech.recorder.clips.size(), 1u);
}

TEST_F(ElevenLabsWs, joins_audio_that_comes_byte_by_byte) {
    server.on_message = [](Peer& peer, const std::string& id, const Message& message) {
        if (message.contains("close_context")) return peer.send_final(id);
        if (!message.contains("flush")) return;
        for (int byte = 0; byte < 1000; ++byte) peer.send_audio(id, std::string(1, static_cast<char>(byte)));
    };
    const auto& speech = say();
    ASSERT_TRUE(run_until_ended(speech));
    EXPECT_TRUE(speech.recorder.finished);
    ASSERT_EQ(speech.recorder.heard.size(), 1000u);
    for (std::size_t byte = 0; byte < 1000; ++byte) EXPECT_EQ(speech.recorder.heard[byte], static_cast<char>(byte));
    EXPECT_LE(speech.recorder.clips.size(), 8u);
}

TEST_F(ElevenLabsWs, takes_the_last_audio_and_the_end_in_one_frame) {
    server.on_message = [](Peer& peer, const std::string&, const Message& message) {
        if (message.contains("flush")) peer.send(R"({"audio":"//8A","isFinal":true,"contextId":"1"})");
    };
    const auto& speech = say();
    ASSERT_TRUE(run_until_ended(speech));
    EXPECT_TRUE(speech.recorder.finished);
    EXPECT_EQ(speech.recorder.heard.size(), 3u);
    EXPECT_TRUE(server.peer(0).closed.empty()) << "there is nothing left to close";
}

TEST_F(ElevenLabsWs, an_end_without_audio_is_a_failure) {
    server.on_message = [](Peer& peer, const std::string& id, const Message& message) {
        if (message.contains("flush")) peer.send_final(id);
    };
    const Failure failure = failure_of(say());
    EXPECT_EQ(failure.kind, Failure::Kind::unavailable);
    EXPECT_EQ(failure.reason, "no audio");
    EXPECT_EQ(failure.scope, Failure::Scope::attempt);
}

TEST_F(ElevenLabsWs, an_end_long_before_the_last_word_is_a_failure) {
    for (const auto& [bytes, whole] : {std::pair{8'000u, false}, {13'600u, true}}) {  // of 2 s: 1 s, and all but 0.3 s
        server.on_message = [size = bytes](Peer& peer, const std::string& id, const Message& message) {
            if (message.contains("close_context")) return peer.send_final(id);
            if (!message.contains("flush")) return;
            const std::string times = R"("charStartTimesMs":[0,1000],"charDurationsMs":[1000,1000])";
            peer.send(R"({"contextId":")" + id + R"(","alignment":{"chars":["a","b"],)" + times + "}}");
            peer.send_audio(id, std::string(size, '\x55'));
        };
        const auto& speech = say();
        ASSERT_TRUE(run_until_ended(speech));
        EXPECT_EQ(speech.recorder.finished, whole);
        if (!whole) {
            EXPECT_EQ(speech.recorder.failure->reason, "audio cut short");
        }
    }
}

TEST_F(ElevenLabsWs, passes_over_frames_of_no_context_and_of_none_known) {
    server.on_message = [](Peer& peer, const std::string& id, const Message& message) {
        if (!message.contains("flush")) return;
        peer.send(R"({"type":"flush_done"})");
        peer.send(R"({"audio":"//8A"})");
        peer.send(R"({"audio":"//8A","contextId":"99"})");
        peer.send(R"({"isFinal":true,"contextId":"99"})");
        peer.send_audio(id, "\x7F\x7E");
    };
    const auto& speech = say();
    ASSERT_TRUE(run_until_asked(1));
    finish(0, "1", "\x7D");
    ASSERT_TRUE(run_until_ended(speech));
    EXPECT_TRUE(speech.recorder.finished);
    EXPECT_EQ(speech.recorder.heard, "\x7F\x7E\x7D");
}

TEST_F(ElevenLabsWs, stops_listening_to_a_text_that_does_not_end) {
    options.sockets.socket.audio_bytes_max = 1000;
    server.speak(std::string(1001, '\x7F'));
    EXPECT_EQ(failure_of(say()).kind, Failure::Kind::cancelled_by_limit);
    EXPECT_TRUE(run_until([&] { return server.peer(0).live_contexts() == 0; })) << "the place is given back";
}

TEST_F(ElevenLabsWs, leaves_a_stall_to_those_who_know_when_audio_is_needed) {
    options.sockets.socket.silence_max = 10ms;
    const auto& speech = say();
    ASSERT_TRUE(run_until_asked(1));
    server.peer(0).send_audio("1", "\x7F");
    EXPECT_TRUE(stays_false([&] { return speech.recorder.ended(); }, 100ms));
    EXPECT_EQ(speech.recorder.heard, "\x7F");
}

TEST_F(ElevenLabsWs, asks_for_nothing_when_cancelled_before_the_socket_is_open) {
    server.silent = true;
    auto& speech = say();
    ASSERT_TRUE(run_until([&] { return server.attempts == 1; }));
    speech.utterance.reset();
    server.answer_waiting();
    ASSERT_TRUE(run_until([&] { return server.peers.size() == 1; }));
    EXPECT_TRUE(stays_false([&] { return !server.peer(0).messages.empty(); }));
}

TEST_F(ElevenLabsWs, closes_a_context_cancelled_in_silence_when_its_audio_comes) {
    auto& speech = say();
    ASSERT_TRUE(run_until_asked(1));
    speech.utterance.reset();
    EXPECT_TRUE(stays_false([&] { return !server.peer(0).closed.empty(); }));
    server.peer(0).send_audio("1", "\x7F");
    EXPECT_TRUE(run_until([&] { return server.peer(0).closed.size() == 1; }));
    server.peer(0).send_audio("1", "\x7F");
    server.peer(0).send_final("1");
    EXPECT_TRUE(run_until([&] { return source().figures().contexts == 0; }));
    EXPECT_TRUE(speech.recorder.clips.empty());
    EXPECT_FALSE(speech.recorder.ended());
}

TEST_F(ElevenLabsWs, closes_a_context_cancelled_in_silence_after_a_while_in_any_case) {
    options.sockets.socket.cancelled_silence_max = 30ms;
    server.closing_in_silence_is_right = true;
    auto& speech = say();
    ASSERT_TRUE(run_until_asked(1));
    speech.utterance.reset();
    EXPECT_TRUE(run_until([&] { return server.peer(0).closed.size() == 1; }));
}

TEST_F(ElevenLabsWs, drops_what_comes_of_a_context_cancelled_while_it_speaks) {
    auto& speech = say();
    ASSERT_TRUE(run_until_asked(1));
    Peer& peer = server.peer(0);
    speech.recorder.when_audio = [&] { speech.utterance.reset(); };
    peer.send_audio("1", "\x7F");
    ASSERT_TRUE(run_until([&] { return speech.utterance == nullptr; }));
    finish(0, "1", "\x7E");
    peer.send_audio("1", "\x7D");
    EXPECT_TRUE(run_until([&] { return source().figures().contexts == 0; }));
    EXPECT_EQ(speech.recorder.heard, "\x7F");
    EXPECT_FALSE(speech.recorder.ended());
    EXPECT_EQ(peer.closed.size(), 1u);

    server.speak("\x7C");
    const auto& next = say();
    ASSERT_TRUE(run_until_ended(next));
    EXPECT_EQ(next.recorder.heard, "\x7C");
    EXPECT_EQ(server.peers.size(), 1u) << "cancelling costs no socket";
}

TEST_F(ElevenLabsWs, may_be_cancelled_at_its_end_and_another_begun_there) {
    server.speak("\x7F");
    auto& speech = say();
    Speech* next = nullptr;
    speech.recorder.when_ended = [&] {
        speech.utterance.reset();
        next = &say("And then?");
    };
    ASSERT_TRUE(run_until([&] { return next != nullptr && next->recorder.ended(); }));
    EXPECT_TRUE(speech.recorder.finished);
    EXPECT_TRUE(next->recorder.finished);
    EXPECT_EQ(server.peers.size(), 1u);
}

TEST_F(ElevenLabsWs, may_be_cancelled_by_the_failure_of_another) {
    auto& first = say();
    auto& second = say();
    Speech* again = nullptr;
    first.recorder.when_ended = [&] {
        first.utterance.reset();
        second.utterance.reset();
        server.speak("\x7F");
        again = &say("Once more.");
    };
    ASSERT_TRUE(run_until_asked(2));
    server.peer(0).reset();
    ASSERT_TRUE(run_until([&] { return again != nullptr && again->recorder.ended(); }));
    EXPECT_EQ(first.recorder.failure->reason, "cut off");
    EXPECT_FALSE(second.recorder.ended());
    EXPECT_TRUE(again->recorder.finished);
    EXPECT_EQ(server.peers.size(), 2u);
}

TEST_F(ElevenLabsWs, leaves_models_that_its_socket_does_not_serve_to_others) {
    auto request = test::speech_request("Hello.");
    request.voice.model = "eleven_v3";
    const Failure failure = failure_of(say(request));
    EXPECT_EQ(failure.kind, Failure::Kind::unavailable) << "HTTP may still speak it";
    EXPECT_EQ(failure.scope, Failure::Scope::source);
    EXPECT_EQ(server.attempts, 0u);
}

TEST_F(ElevenLabsWs, logs_neither_text_nor_key) {
    std::ostringstream log;
    const auto before = spdlog::default_logger();
    const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
    server.on_message = [](Peer& peer, const std::string&, const Message& message) {
        if (!message.contains("flush")) return;
        const Message error{{"message", message.at("text")}, {"error", "invalid_text"}, {"code", 1008}};
        peer.send(boost::json::serialize(error));
        peer.close(1008);
    };
    (void)failure_of(say());
    ASSERT_TRUE(run_until([&] { return source().figures().sockets == 0; }));
    spdlog::set_default_logger(before);
    EXPECT_NE(log.str().find("invalid_text"), std::string::npos);
    EXPECT_EQ(log.str().find("Hello"), std::string::npos);
    EXPECT_EQ(log.str().find("0123456789"), std::string::npos);
}

}  // namespace
