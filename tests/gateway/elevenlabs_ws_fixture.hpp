#pragma once
// ElevenLabsWebSocket against a scripted server, all on one loop.

#include "gateway/elevenlabs_ws.hpp"
#include "tests/gateway/scripted_sockets.hpp"
#include "tests/gateway/speech_recorder.hpp"
#include "tests/net/loopback_server.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace test {

class ElevenLabsWsFixture : public testing::Test {
protected:
    using Peer = ScriptedSockets::Peer;
    using Message = ScriptedSockets::Message;

    // One utterance with its listener.
    struct Speech {
        SpeechRecorder recorder;
        std::unique_ptr<speech::Utterance> utterance;
    };

    ElevenLabsWsFixture() {
        options.base_url = server.url() + '/';
        options.api_key = Secret("key-0123456789");
        options.default_voice_id = "standard-voice";
        options.sockets.contexts_ahead = 0;
    }
    // Listeners must outlive utterances, and the source both.
    ~ElevenLabsWsFixture() override {
        for (Speech& speech : speeches) speech.utterance.reset();
    }

    // Made when it is first used, with the options as they are then.
    gateway::ElevenLabsWebSocket& source() {
        if (!source_) source_.emplace(loop, options);
        return *source_;
    }
    Speech& say(const speech::Request& request) {
        Speech& speech = speeches.emplace_back();
        speech.utterance = source().say(request, speech.recorder);
        return speech;
    }
    Speech& say(std::string text = "Hello caller.") { return say(speech_request(std::move(text))); }

    template <class Condition>
    bool run_until(Condition done) {
        return test::run_until(loop, done, std::chrono::seconds(10));
    }
    // Whether `condition` stays false for so long.
    template <class Condition>
    bool stays_false(Condition condition, std::chrono::milliseconds length = std::chrono::milliseconds(60)) {
        return !test::run_until(loop, condition, length);
    }
    bool run_until_ended(const Speech& speech) {
        return run_until([&] { return speech.recorder.ended(); });
    }
    // Runs until the server has been asked for `count` texts by its socket `index`.
    bool run_until_asked(std::size_t count, std::size_t index = 0) {
        return run_until([&] { return server.peers.size() > index && server.peer(index).asked.size() == count; });
    }
    // The server says all it has to say of a context, the end when it was asked for.
    void finish(std::size_t index, const std::string& id, std::string_view mulaw) {
        Peer& peer = server.peer(index);
        peer.send_audio(id, mulaw);
        EXPECT_TRUE(run_until([&] { return std::ranges::find(peer.closed, id) != peer.closed.end(); }));
        peer.send_final(id);
    }
    speech::Failure failure_of(const Speech& speech) {
        EXPECT_TRUE(run_until_ended(speech));
        return speech.recorder.failure.value_or(
            speech::Failure{speech::Failure::Kind::cancelled_by_limit, "it did not fail"});
    }

    net::EventLoop loop;
    ScriptedSockets server{loop};
    gateway::ElevenLabsWebSocket::Options options;
    std::optional<gateway::ElevenLabsWebSocket> source_;
    std::list<Speech> speeches;
};

}  // namespace test
