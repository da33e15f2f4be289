// When a call waits for its peer's next message, and when it may read it late.

#include "audio/loudness.hpp"
#include "virtual_call.hpp"

#include <gtest/gtest.h>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::StreamSession;

constexpr std::size_t five_seconds = 5 * 8000;

TEST(VirtualCall, waits_for_its_peer_until_it_is_let_in) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    EXPECT_TRUE(call.session().waits_for_peer());
    call.start();
    call.run_for(10ms);
    EXPECT_FALSE(call.session().waits_for_peer());
}

TEST(VirtualCall, that_stays_on_the_line_waits_for_nothing) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    for (int i = 0; i < 100; ++i) {
        call.run_for(100ms);
        EXPECT_FALSE(call.session().waits_for_peer()) << i;
    }
    call.stop();
    call.run_for(0us);
    EXPECT_TRUE(call.session().waits_for_peer()) << "for the end of the connection";
}

TEST(VirtualCall, that_hangs_up_after_the_last_word_waits_for_its_mark) {
    VirtualCall call({.after_speech = call::AfterSpeech::hang_up});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(2s);
    EXPECT_FALSE(call.session().waits_for_peer()) << "there is more to send";
    call.run_for(2500ms);
    EXPECT_TRUE(call.session().waits_for_peer());
    EXPECT_FALSE(call.closed);
    call.run_for(500ms);
    EXPECT_TRUE(call.closed);
}

TEST(VirtualCall, that_listens_to_its_caller_waits_for_every_frame) {
    VirtualCall call({.session = {.caller_audio = call::CallerAudio::level}});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(2s);
    EXPECT_TRUE(call.session().waits_for_peer());
    EXPECT_EQ(call.session().caller_level()->peak_dbfs, audio::dbfs_min);
    call.receive(twilio::Media{.stream_sid = "MZ1", .track = "inbound", .payload_base64 = "AAAA"});
    call.run_for(0us);
    EXPECT_GT(call.session().caller_level()->peak_dbfs, -1.0);
    EXPECT_FALSE(VirtualCall({}).session().caller_level()) << "nobody listens";
}

TEST(VirtualCall, told_to_hang_up_after_the_speech_waits_for_its_mark) {
    VirtualCall call({});
    call.script("greeting", whole(five_seconds));
    call.start();
    call.run_for(4500ms);
    EXPECT_FALSE(call.session().waits_for_peer());
    call.hang_up(StreamSession::HangUp::after_speech);
    EXPECT_TRUE(call.session().waits_for_peer());
}

}  // namespace
}  // namespace virtual_call
