#include "gateway/warm.hpp"

#include "gateway/loop_services.hpp"
#include "tests/gateway/clip_fixture.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace {

using gateway::Phrase;
using gateway::read_phrases;
using gateway::Warming;
using test::LoopbackServer;

TEST(Phrases, are_read_one_a_line_with_comments_and_voices) {
    const auto phrases =
        read_phrases("\xEF\xBB\xBF# greeting\r\nHello there.\r\n\n  voice-7 | Good bye. \n#\nLast|one");
    ASSERT_TRUE(phrases) << phrases.error();
    ASSERT_EQ(phrases->size(), 3u);
    EXPECT_EQ(phrases->at(0).line, 2u);
    EXPECT_EQ(phrases->at(0).voice_id, "");
    EXPECT_EQ(phrases->at(0).text.reveal(), "Hello there.");
    EXPECT_EQ(phrases->at(1).line, 4u);
    EXPECT_EQ(phrases->at(1).voice_id, "voice-7");
    EXPECT_EQ(phrases->at(1).text.reveal(), "Good bye.");
    EXPECT_EQ(phrases->at(2).voice_id, "Last");
}

TEST(Phrases, that_cannot_be_read_are_named_by_their_line) {
    EXPECT_NE(read_phrases("Hello.\nno voice|text").error().find("Line 2"), std::string::npos);
    EXPECT_NE(read_phrases("voice-7|  ").error().find("Line 1"), std::string::npos);
    EXPECT_NE(gateway::read_phrase_file("/nonexistent/phrases").error().find("/nonexistent/phrases"),
              std::string::npos);
}

// Speaks every text, except in voices and texts that say how they fail.
void speak(LoopbackServer::Peer& peer, const std::string& request) {
    if (request.contains("/missing-voice/")) {
        peer.send(test::http_answer(
            "404 Not Found", "application/json",
            R"({"detail":{"type":"not_found","code":"voice_not_found","message":"No such voice."}})"));
    } else if (request.contains("broke")) {
        peer.send(test::http_answer("401 Unauthorized", "application/json",
                                    R"({"detail":{"status":"quota_exceeded","message":"No credits."}})"));
    } else {
        peer.send(test::http_answer("200 OK", "audio/ulaw", std::string(16'000, '\x55')));
    }
}

class WarmTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }

    struct Outcome {
        std::vector<std::string> lines;  // "made", "cached already" or the failure
        std::size_t requests = 0;
    };

    // Warms in a program of its own: its memory is empty, the disk is what earlier ones left.
    Outcome warm(const std::string& file, bool with_key = true) {
        gateway::Options options = options_for("");
        if (!with_key) options.elevenlabs_key = {};
        // The server needs the loop, and the loop's chain its address.
        net::EventLoop server_loop;
        LoopbackServer server(server_loop, speak);
        options.elevenlabs_url = server.url("");
        Outcome outcome;
        {
            gateway::Switchboard switchboard(options);
            gateway::LoopServices& loop = *switchboard.loops.front();
            bool done = false;
            const Warming warming(
                loop, read_phrases(file).value(),
                [&](const Warming::Result& result) {
                    outcome.lines.push_back(result.failure          ? *result.failure
                                            : result.cached_already ? "cached already"
                                                                    : "made");
                },
                [&] { done = true; });
            EXPECT_TRUE(test::run_until(loop.events, [&] {
                server_loop.turn(server_loop.now());
                loop.events.post([] {});  // looks at the server's loop again
                return done;
            }));
        }
        outcome.requests = server.requests.size();
        return outcome;
    }

    gateway::Options options_for(const std::string& url) const {
        gateway::Options options;
        options.threads = 1;
        options.voice_threads = 1;
        options.voice.id = "standard-voice";
        options.voice.model = "eleven_flash_v2_5";
        options.elevenlabs_key = Secret("key");
        options.elevenlabs_url = url;
        options.cache_directory = (temporary / "clips").string();
        return options;
    }

    test::TemporaryDirectory temporary;
};

using Lines = std::vector<std::string>;

TEST_F(WarmTest, makes_each_phrase_once_and_finds_it_in_the_next_program) {
    const std::string file =
        "Hello there.\nThank you for calling us today. We shall see you again tomorrow.\nHello "
        "there.\nother-voice|Hello there.\n";
    const auto first = warm(file);
    EXPECT_EQ(first.lines, (Lines{"made", "made", "cached already", "made"}));
    EXPECT_EQ(first.requests, 4u);  // one a sentence and voice
    const auto second = warm(file);
    EXPECT_EQ(second.lines, Lines(4, "cached already"));
    EXPECT_EQ(second.requests, 0u);
}

TEST_F(WarmTest, calls_another_voice_a_failure_and_goes_on) {
    const auto outcome = warm("missing-voice|Hello there.\nThis one is broke.\nGood bye.\n");
    ASSERT_EQ(outcome.lines.size(), 3u);
    EXPECT_EQ(outcome.lines[0], "voice_not_found");
    EXPECT_EQ(outcome.lines[1], "quota_exceeded");
    // The account is known to be out of credits now.
    EXPECT_NE(outcome.lines[2], "made");
    EXPECT_NE(outcome.lines[2], "cached already");
    // What the embedded voice said instead is not taken for it later.
    EXPECT_EQ(warm("Good bye.\n").lines, Lines{"made"});
}

TEST_F(WarmTest, says_it_in_the_embedded_voice_when_that_is_the_real_one) {
    EXPECT_EQ(warm("Hello there.\n", false).lines, Lines{"made"});
    const auto again = warm("Hello there.\n", false);
    EXPECT_EQ(again.lines, Lines{"cached already"});
    EXPECT_EQ(again.requests, 0u);
}

// A phrase of a minute is made as fast as the provider speaks, not at the pace of a listener.
TEST_F(WarmTest, does_not_wait_for_anybody_to_hear_it) {
    std::string phrase;
    for (int i = 0; i < 60; ++i) phrase += "This is sentence number " + std::to_string(i) + ". ";
    const auto began = net::Clock::now();
    const auto outcome = warm(phrase);  // two seconds of audio a sentence
    EXPECT_EQ(outcome.lines, Lines{"made"});
    EXPECT_EQ(outcome.requests, 60u);
    EXPECT_LT(net::Clock::now() - began, std::chrono::seconds(15));
}

// The command, against a server on another thread.
class WarmCommandTest : public WarmTest {
protected:
    int run(const std::string& file, const std::function<void(gateway::Options&)>& change = {}) {
        test::write_file(temporary / "phrases.txt", file);
        net::EventLoop server_loop;
        LoopbackServer server(server_loop, speak);
        std::jthread thread([&] { server_loop.run(); });
        gateway::Options options = options_for(server.url(""));
        if (change) change(options);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int status = gateway::run_warm(options, (temporary / "phrases.txt").string());
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        server_loop.stop();
        thread.join();
        server_loop.settle();
        return status;
    }
    std::string out, err;
};

TEST_F(WarmCommandTest, ends_with_0_when_every_phrase_is_in_the_cache) {
    EXPECT_EQ(run("Hello there.\nGood bye.\n"), 0) << out << err;
    EXPECT_TRUE(out.starts_with("line 1: made in ")) << out;
    EXPECT_EQ(test::names_in(temporary / "clips").size(), 2u);
    EXPECT_EQ(run("# again\nHello there.\n"), 0);
    EXPECT_EQ(out, "line 2: cached already\n");
    EXPECT_EQ(out.find("Hello"), std::string::npos);
}

TEST_F(WarmCommandTest, ends_with_1_when_a_phrase_is_not) {
    EXPECT_EQ(run("missing-voice|Hello there.\nGood bye.\n"), 1);
    EXPECT_NE(out.find("line 1: failed: voice_not_found\n"), std::string::npos) << out;
    EXPECT_NE(out.find("line 2: made in "), std::string::npos) << out;
}

TEST_F(WarmCommandTest, ends_with_1_when_the_disk_does_not_take_it) {
    test::write_file(temporary / "file", "");
    EXPECT_EQ(run("Hello there.\n", [&](auto& options) { options.cache_directory = (temporary / "file").string(); }),
              1);
    EXPECT_NE(out.find("could not be written"), std::string::npos) << out;
    EXPECT_EQ(run("Hello there.\n", [](auto& options) { options.cache_disk_bytes_max = 10'000; }), 1);
    EXPECT_NE(out.find("more than the cache holds"), std::string::npos) << out;
}

TEST_F(WarmCommandTest, ends_with_2_when_nothing_can_be_tried) {
    EXPECT_EQ(run("Hello there.\n", [](auto& options) { options.cache_directory.clear(); }), 2);
    EXPECT_NE(err.find("CACHE_DIR"), std::string::npos) << err;
    EXPECT_EQ(run("a b|Hello there.\n"), 2);
    EXPECT_NE(err.find("Line 1"), std::string::npos) << err;
}

}  // namespace
