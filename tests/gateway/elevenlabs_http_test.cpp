// ElevenLabsHttp over real sockets, against a server that the test scripts.

#include "gateway/elevenlabs_http.hpp"

#include "tests/gateway/speech_recorder.hpp"
#include "tests/net/loopback_server.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

namespace {

using gateway::ElevenLabsHttp;
using speech::Failure;
using test::LoopbackServer;
using test::SpeechRecorder;
using Peer = LoopbackServer::Peer;

constexpr const char* chunked_audio_head =
    "HTTP/1.1 200 OK\r\nContent-Type: audio/ulaw\r\nrequest-id: req-1\r\nx-trace-id: trace-1\r\n"
    "current-concurrent-requests: 3\r\nmaximum-concurrent-requests: 20\r\nTransfer-Encoding: chunked\r\n\r\n";

class ElevenLabsHttpTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }

    void serve(LoopbackServer::Script script) {
        source.reset();
        server.emplace(loop, std::move(script));
        source.emplace(http,
                       ElevenLabsHttp::Options{.base_url = server->url("/"),
                                               .api_key = Secret("key-0123456789"),
                                               .default_voice_id = "standard-voice"},
                       [this] { return [this](const ElevenLabsHttp::ReplyHead& head) { heads.push_back(head); }; });
    }
    std::unique_ptr<speech::Utterance> say(SpeechRecorder& recorder) {
        return source->say(test::speech_request("Hello caller."), recorder);
    }
    bool run_until_ended(const SpeechRecorder& recorder) {
        return test::run_until(loop, [&] { return recorder.ended(); });
    }
    Failure failure_against(LoopbackServer::Script script) {
        serve(std::move(script));
        SpeechRecorder recorder;
        const auto utterance = say(recorder);
        EXPECT_TRUE(run_until_ended(recorder));
        return recorder.failure.value_or(Failure{Failure::Kind::cancelled_by_limit, "it did not fail"});
    }

    net::EventLoop loop;
    net::HttpClient http{loop, {}};
    std::vector<ElevenLabsHttp::ReplyHead> heads;
    std::optional<LoopbackServer> server;
    std::optional<ElevenLabsHttp> source;
};

TEST_F(ElevenLabsHttpTest, asks_for_the_voice_text_and_settings_of_the_request) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "audio/ulaw", "\x7F")); });
    SpeechRecorder recorder;
    auto request = test::speech_request("Hello caller.");
    request.voice = {.id = "voice/7", .settings = {.stability = 0.25}, .model = "eleven_turbo_v2_5", .language = "de"};
    request.previous_text = Secret("Before.");
    const auto utterance = source->say(request, recorder);
    ASSERT_TRUE(run_until_ended(recorder));

    const std::string& sent = server->requests.at(0);
    EXPECT_TRUE(sent.starts_with("POST /v1/text-to-speech/voice%2F7/stream?output_format=ulaw_8000 HTTP/1.1\r\n"))
        << sent;
    EXPECT_NE(sent.find("\r\nxi-api-key: key-0123456789\r\n"), sent.npos);
    EXPECT_NE(sent.find("\r\nContent-Type: application/json\r\n"), sent.npos);
    const auto body = boost::json::parse(sent.substr(sent.find("\r\n\r\n") + 4)).as_object();
    EXPECT_EQ(body.at("text"), "Hello caller.");
    EXPECT_EQ(body.at("model_id"), "eleven_turbo_v2_5");
    EXPECT_EQ(body.at("language_code"), "de");
    EXPECT_EQ(body.at("previous_text"), "Before.");
    EXPECT_EQ(body.at("voice_settings").at("stability"), 0.25);
}

TEST_F(ElevenLabsHttpTest, uses_the_default_voice_and_model_where_the_request_names_none) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "audio/ulaw", "\x7F")); });
    SpeechRecorder recorder;
    const auto utterance = say(recorder);
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_NE(server->requests.at(0).find("/v1/text-to-speech/standard-voice/stream"), std::string::npos);
    EXPECT_NE(server->requests.at(0).find("eleven_flash_v2_5"), std::string::npos);
}

TEST_F(ElevenLabsHttpTest, hands_on_audio_as_it_arrives_and_byte_for_byte) {
    Peer* peer = nullptr;
    serve([&](Peer& its_peer, const std::string&) {
        peer = &its_peer;
        peer->send(chunked_audio_head);
    });
    SpeechRecorder recorder;
    const auto utterance = say(recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return !heads.empty(); }));

    std::string sent;
    for (std::size_t i = 0; i < 10; ++i) {
        std::string piece;
        for (std::size_t k = 0; k < 161 + 17 * i; ++k) piece += static_cast<char>(0xFF - (i * 31 + k * 7) % 256);
        sent += piece;
        peer->send(test::http_chunk(piece));
        ASSERT_TRUE(test::run_until(loop, [&] { return recorder.heard.size() == sent.size(); }));
        EXPECT_EQ(recorder.clips.size(), i + 1);
    }
    EXPECT_FALSE(recorder.ended());
    peer->send("0\r\n\r\n");
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_TRUE(recorder.finished);
    EXPECT_EQ(recorder.heard, sent);
}

TEST_F(ElevenLabsHttpTest, makes_one_clip_of_what_arrives_together) {
    serve([](Peer& peer, const std::string&) {
        std::string answer = chunked_audio_head;
        for (int i = 0; i < 50; ++i) answer += test::http_chunk(std::string(10, '\xFE'));
        peer.send(answer + "0\r\n\r\n");
    });
    SpeechRecorder recorder;
    const auto utterance = say(recorder);
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_EQ(recorder.heard.size(), 500u);
    EXPECT_EQ(recorder.clips.size(), 1u);
}

TEST_F(ElevenLabsHttpTest, reports_what_the_head_says_of_the_account) {
    serve(
        [](Peer& peer, const std::string&) { peer.send(chunked_audio_head + test::http_chunk("\x7F") + "0\r\n\r\n"); });
    SpeechRecorder recorder;
    const auto utterance = say(recorder);
    ASSERT_TRUE(run_until_ended(recorder));
    ASSERT_EQ(heads.size(), 1u);
    EXPECT_EQ(heads[0].status, 200);
    EXPECT_EQ(heads[0].request_id, "req-1");
    EXPECT_EQ(heads[0].trace_id, "trace-1");
    EXPECT_EQ(heads[0].concurrent_requests, 3u);
    EXPECT_EQ(heads[0].concurrent_requests_max, 20u);

    (void)failure_against([](Peer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 500 Oops\r\ncurrent-concurrent-requests: -1\r\nmaximum-concurrent-requests: many\r\n"
            "Content-Length: 0\r\n\r\n");
    });
    EXPECT_EQ(heads.at(1).status, 500);
    EXPECT_FALSE(heads[1].concurrent_requests || heads[1].concurrent_requests_max);
}

TEST_F(ElevenLabsHttpTest, maps_refusals_by_their_code) {
    const Failure voice = failure_against([](Peer& peer, const std::string&) {
        peer.send(test::http_answer("404 Not Found", "application/json",
                                    R"({"detail":{"type":"not_found","code":"voice_not_found","message":"m"}})"));
    });
    EXPECT_EQ(voice.kind, Failure::Kind::unknown_voice);
    EXPECT_EQ(voice.reason, "voice_not_found");

    const Failure quota = failure_against([](Peer& peer, const std::string&) {
        peer.send(test::http_answer("200 OK", "audio/ulaw", R"({"detail":{"status":"quota_exceeded","message":"m"}})"));
    });
    EXPECT_EQ(quota.kind, Failure::Kind::refused);
    EXPECT_EQ(quota.reason, "quota_exceeded");

    const Failure down = failure_against([](Peer& peer, const std::string&) {
        peer.send(test::http_answer("502 Bad Gateway", "text/html", "<html>bad gateway</html>"));
    });
    EXPECT_EQ(down.kind, Failure::Kind::unavailable);
    EXPECT_EQ(down.reason, "http_502");
}

TEST_F(ElevenLabsHttpTest, fails_when_the_audio_is_cut_off_or_missing) {
    const Failure cut = failure_against([](Peer& peer, const std::string&) {
        peer.send(chunked_audio_head + test::http_chunk("\x7F\x7E"));
        peer.close_after_sending();
    });
    EXPECT_EQ(cut.kind, Failure::Kind::unavailable);
    EXPECT_EQ(cut.reason, "cut off");

    const Failure none = failure_against(
        [](Peer& peer, const std::string&) { peer.send(std::string(chunked_audio_head) + "0\r\n\r\n"); });
    EXPECT_EQ(none.kind, Failure::Kind::unavailable);
    EXPECT_EQ(none.reason, "no audio");
}

TEST_F(ElevenLabsHttpTest, hangs_up_on_an_endless_error_page) {
    const Failure endless = failure_against([](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 20; ++i) peer.send(test::http_chunk(std::string(8192, 'x')));
    });
    EXPECT_EQ(endless.reason, "http_503");
    EXPECT_TRUE(test::run_until(loop, [&] { return server->open == 0; }));
}

TEST_F(ElevenLabsHttpTest, can_be_cancelled_at_any_point_and_then_says_nothing) {
    serve([](Peer& peer, const std::string&) {
        peer.send(chunked_audio_head + test::http_chunk("\x7F\x7E") + "0\r\n\r\n");
    });
    std::unique_ptr<speech::Utterance> utterance;
    SpeechRecorder at_once, in_audio, at_end;
    utterance = say(at_once);
    utterance.reset();

    in_audio.when_audio = [&] { utterance.reset(); };
    utterance = say(in_audio);
    ASSERT_TRUE(test::run_until(loop, [&] { return utterance == nullptr; }));

    at_end.when_ended = [&] { utterance.reset(); };
    utterance = say(at_end);
    ASSERT_TRUE(test::run_until(loop, [&] { return utterance == nullptr; }));

    for (int round = 0; round < 50; ++round) loop.turn(loop.now() + std::chrono::milliseconds(1));
    EXPECT_TRUE(at_once.clips.empty());
    EXPECT_FALSE(at_once.ended());
    EXPECT_EQ(in_audio.clips.size(), 1u);
    EXPECT_FALSE(in_audio.ended());
    EXPECT_TRUE(at_end.finished);
}

TEST_F(ElevenLabsHttpTest, may_be_cancelled_while_what_was_held_back_is_handed_over) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "audio/ulaw", "{\"not json")); });
    std::unique_ptr<speech::Utterance> utterance;
    SpeechRecorder recorder;
    recorder.when_audio = [&] { utterance.reset(); };
    utterance = say(recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return utterance == nullptr; }));
    EXPECT_EQ(recorder.heard, "{\"not json");
    EXPECT_FALSE(recorder.ended());
}

TEST_F(ElevenLabsHttpTest, shares_one_connection_for_speeches_in_a_row) {
    serve([](Peer& peer, const std::string&) { peer.send(test::http_answer("200 OK", "audio/ulaw", "\x7F\x7E")); });
    for (int i = 0; i < 20; ++i) {
        SpeechRecorder recorder;
        const auto utterance = say(recorder);
        ASSERT_TRUE(run_until_ended(recorder));
    }
    EXPECT_EQ(server->accepted, 1u);
}

TEST_F(ElevenLabsHttpTest, logs_neither_text_nor_key) {
    std::ostringstream log;
    const auto before = spdlog::default_logger();
    const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
    (void)failure_against([](Peer& peer, const std::string& request) {
        // A reply that repeats all it was sent.
        boost::json::object detail{{"code", "invalid_text"}, {"message", request}};
        peer.send(test::http_answer("400 Bad Request", "application/json",
                                    boost::json::serialize(boost::json::object{{"detail", detail}})));
    });
    spdlog::set_default_logger(before);
    EXPECT_NE(log.str().find("invalid_text"), std::string::npos);
    EXPECT_EQ(log.str().find("Hello"), std::string::npos);
    EXPECT_EQ(log.str().find("0123456789"), std::string::npos);
}

}  // namespace
