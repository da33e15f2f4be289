#include "gateway/doctor_socket.hpp"

#include "tests/gateway/doctor_fixture.hpp"
#include "tests/gateway/scripted_sockets.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::Verdict;

class DoctorSocketTest : public testing::Test {
protected:
    DoctorSocketTest() {
        options.elevenlabs_by_websocket = true;
        options.elevenlabs_key = Secret("key-0123456789");
        options.elevenlabs_url = server.url();
        options.voice.id = "voice-7";
        options.voice.model = "eleven_flash_v2_5";
    }
    gateway::Finding examine() {
        auto findings = gateway::examine_socket(loop, options);
        EXPECT_EQ(findings.size(), 1U);
        return findings.empty() ? gateway::cannot_tell("none", "Nothing.") : findings[0];
    }

    net::EventLoop loop;
    test::ScriptedSockets server{loop};
    gateway::Options options;
};

TEST_F(DoctorSocketTest, opens_it_and_says_nothing_on_it) {
    test::expect(examine(), Verdict::ok, "It opens.");
    ASSERT_EQ(server.peers.size(), 1U);
    EXPECT_TRUE(server.peer(0).target.contains("/voice-7/multi-stream-input?model_id=eleven_flash_v2_5"));
    EXPECT_EQ(server.peer(0).key, "key-0123456789");
    EXPECT_TRUE(server.peer(0).messages.empty());
}

TEST_F(DoctorSocketTest, says_what_stands_in_the_way) {
    server.refusal = http::Response{.status = 403, .content_type = "text/html", .body = "no", .headers = {}};
    test::expect(examine(), Verdict::problem, "ELEVENLABS_TRANSPORT=http");
}

TEST_F(DoctorSocketTest, hears_the_complaint_that_comes_after_the_upgrade) {
    server.on_open = [](test::ScriptedSockets::Peer& peer) { peer.send_error("invalid_api_key"); };
    test::expect(examine(), Verdict::problem, "invalid_api_key");
}

TEST_F(DoctorSocketTest, knows_models_that_are_not_spoken_there) {
    options.voice.model = "eleven_v3";
    test::expect(examine(), Verdict::problem, "eleven_v3");
    EXPECT_TRUE(server.peers.empty());
}

TEST_F(DoctorSocketTest, is_not_asked_when_calls_will_not_use_it) {
    options.elevenlabs_by_websocket = false;
    EXPECT_TRUE(gateway::examine_socket(loop, options).empty());
}

}  // namespace
