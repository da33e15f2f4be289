#include "gateway/prepared_speech.hpp"

#include "gateway/loop_services.hpp"
#include "tests/gateway/speech_recorder.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::PreparedSpeech;

const std::string speech(16'000, '\x55');

class PreparedSpeechTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }
    gateway::Options options() const {
        gateway::Options options;
        options.threads = 1;
        options.voice_threads = 1;
        options.voice.id = "voice";
        options.voice.model = "eleven_flash_v2_5";
        options.elevenlabs_key = Secret("key");
        options.elevenlabs_url = elevenlabs.url("");
        return options;
    }
    // ElevenLabs has a loop of its own, because the server's loop needs its address.
    bool run_until(const std::function<bool()>& done) {
        return test::run_until(loop().events, [&] {
            elevenlabs_loop.turn(elevenlabs_loop.now());
            loop().events.post([] {});  // looks at the other loop again
            return done();
        });
    }
    gateway::LoopServices& loop() { return *switchboard.loops.front(); }
    bool counted(const std::string& fate) {
        const std::string line = "mouthpiece_prepared_speech_total{fate=\"" + fate + "\"} 1\n";
        return switchboard.metrics.render().contains(line);
    }

    bool answers = true;
    net::EventLoop elevenlabs_loop;
    test::LoopbackServer elevenlabs{elevenlabs_loop, [this](test::LoopbackServer::Peer& peer, const std::string&) {
                                        if (answers) peer.send(test::http_answer("200 OK", "audio/ulaw", speech));
                                    }};
    gateway::Switchboard switchboard{options()};
};

TEST_F(PreparedSpeechTest, has_spoken_before_anybody_listens) {
    PreparedSpeech prepared(loop(), {});
    prepared.begin("CA1", test::speech_request("A sentence for one."));
    prepared.begin("CA1", test::speech_request("Twilio asks again."));
    ASSERT_TRUE(run_until([&] { return switchboard.memory.figures().clips == 1; })) << "said to its end";

    test::SpeechRecorder listener;
    const auto utterance = prepared.take("CA1", listener);
    ASSERT_TRUE(utterance);
    EXPECT_TRUE(listener.heard.empty()) << "not from inside take()";
    ASSERT_TRUE(run_until([&] { return listener.ended(); }));
    EXPECT_EQ(listener.heard, speech);
    EXPECT_EQ(elevenlabs.requests.size(), 1U);
    EXPECT_FALSE(prepared.take("CA1", listener)) << "once";
    EXPECT_TRUE(counted("taken"));
}

TEST_F(PreparedSpeechTest, keeps_where_its_sentences_end) {
    const std::string first = "This is the first sentence of all. ", second = "And this is the second one of them.";
    PreparedSpeech prepared(loop(), {});
    prepared.begin("CA1", test::speech_request(first + second));
    ASSERT_TRUE(run_until([&] { return switchboard.memory.figures().clips == 2; })) << "said to its end";
    test::SpeechRecorder listener;
    const auto utterance = prepared.take("CA1", listener);
    ASSERT_TRUE(run_until([&] { return listener.ended(); }));
    EXPECT_EQ(listener.heard, speech + speech);
    EXPECT_EQ(listener.sentence_ends,
              (std::vector<std::pair<std::size_t, std::size_t>>{{first.size(), speech.size()}}));
}

TEST_F(PreparedSpeechTest, prepares_nothing_that_the_cache_can_say_at_once) {
    PreparedSpeech prepared(loop(), {});
    prepared.begin("CA1", test::speech_request("A sentence for many."));
    ASSERT_TRUE(run_until([&] { return switchboard.memory.figures().clips == 1; }));
    prepared.begin("CA2", test::speech_request("A sentence for many."));
    EXPECT_EQ(prepared.waiting(), 1U);
    EXPECT_TRUE(counted("at_hand"));
    test::SpeechRecorder listener;
    EXPECT_FALSE(prepared.take("CA2", listener)) << "its stream says it";
}

TEST_F(PreparedSpeechTest, of_a_call_that_never_opens_its_stream_ends_with_its_request) {
    answers = false;
    PreparedSpeech prepared(loop(), {.life = 50ms});
    prepared.begin("CA1", test::speech_request("A sentence for nobody."));
    ASSERT_TRUE(run_until([&] { return elevenlabs.requests.size() == 1; }));
    ASSERT_TRUE(run_until([&] { return elevenlabs.open == 0; })) << "the connection it was asked on is given up";
    EXPECT_EQ(prepared.waiting(), 0U);
    EXPECT_TRUE(counted("expired"));
    test::SpeechRecorder listener;
    EXPECT_FALSE(prepared.take("CA1", listener)) << "its stream would say it anew";
}

TEST_F(PreparedSpeechTest, lives_on_when_its_stream_has_taken_it) {
    PreparedSpeech prepared(loop(), {.life = 50ms});
    answers = false;
    prepared.begin("CA1", test::speech_request("A sentence for one."));
    test::SpeechRecorder listener;
    const auto utterance = prepared.take("CA1", listener);
    bool later = false;
    net::Timer timer(loop().events.timers(), [&] { later = true; });
    timer.arm(loop().events.now() + 150ms);
    ASSERT_TRUE(run_until([&] { return later && elevenlabs.requests.size() == 1; }));
    EXPECT_EQ(elevenlabs.open, 1U);
    EXPECT_FALSE(listener.ended());
    EXPECT_FALSE(counted("expired"));
}

TEST_F(PreparedSpeechTest, of_more_calls_at_once_than_there_are_connections_waits_for_its_turn) {
    constexpr std::size_t calls = 80, at_once = gateway::Options::elevenlabs_requests_per_loop_max;
    answers = false;
    PreparedSpeech prepared(loop(), {});
    for (std::size_t i = 0; i < calls; ++i)
        prepared.begin("CA" + std::to_string(i), test::speech_request("A sentence for " + std::to_string(i) + "."));
    ASSERT_TRUE(run_until([&] { return elevenlabs.requests.size() == at_once; }));
    const auto figures = switchboard.slots.figures(loop().events.now());
    EXPECT_EQ(figures.in_flight, at_once);
    EXPECT_EQ(figures.waiting, calls - at_once);
    test::SpeechRecorder listener;
    answers = true;
    ASSERT_TRUE(prepared.take("CA0", listener));  // and lets it go: its slot is another's
    EXPECT_TRUE(run_until([&] { return elevenlabs.requests.size() == at_once + 1; }));
}

TEST_F(PreparedSpeechTest, is_bounded_and_counts_what_is_left_for_the_stream_to_say) {
    PreparedSpeech prepared(loop(), {.calls_max = 1});
    prepared.begin("CA1", test::speech_request("The first."));
    prepared.begin("CA2", test::speech_request("The second."));
    EXPECT_EQ(prepared.waiting(), 1U);
    EXPECT_TRUE(counted("no_room"));
    test::SpeechRecorder listener;
    EXPECT_FALSE(prepared.take("CA2", listener));
    EXPECT_TRUE(prepared.take("CA1", listener));
}

}  // namespace
