#include "elevenlabs/stream_input.hpp"

#include "encoding/base64.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>

namespace {

using namespace elevenlabs;

boost::json::object parsed(const std::string& message) {
    return boost::json::parse(message).as_object();
}

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(SocketTarget, fixes_voice_model_format_and_the_longest_timeout) {
    EXPECT_EQ(socket_target({"v1", "eleven_flash_v2_5", ""}),
              "/v1/text-to-speech/v1/multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000"
              "&auto_mode=true&inactivity_timeout=180");
}

TEST(SocketTarget, names_the_language_only_to_models_that_take_one) {
    EXPECT_TRUE(socket_target({"v1", "eleven_flash_v2_5", "de"}).ends_with("&language_code=de"));
    EXPECT_FALSE(socket_target({"v1", "eleven_multilingual_v2", "de"}).contains("language_code"));
}

TEST(SocketTarget, keeps_hostile_values_inside_their_place) {
    const std::string target = socket_target({"a/../b?c", "m&output_format=mp3", "d e#f"});
    EXPECT_TRUE(target.starts_with("/v1/text-to-speech/a%2F..%2Fb%3Fc/multi-stream-input?model_id=m%26output_format"))
        << target;
    EXPECT_EQ(target.find_first_of(" #"), target.npos);
}

TEST(SocketTarget, later_models_are_served_elsewhere) {
    EXPECT_TRUE(serves_model("eleven_flash_v2_5"));
    EXPECT_FALSE(serves_model("eleven_v3"));
    EXPECT_FALSE(serves_model("eleven_v3_conversational"));
    EXPECT_FALSE(serves_model("eleven_v4_turbo"));
}

TEST(ContextMessages, the_first_one_names_the_context_and_its_settings_and_says_nothing) {
    const auto message = parsed(open_context("7", {.stability = 0.25, .speed = 3}));
    EXPECT_EQ(message.size(), 3u);
    EXPECT_EQ(message.at("text"), " ");
    EXPECT_EQ(message.at("context_id"), "7");
    EXPECT_EQ(message.at("voice_settings").at("stability"), 0.25);
    EXPECT_EQ(message.at("voice_settings").at("speed"), 1.2);
}

TEST(ContextMessages, the_text_is_whole_flushed_ends_in_a_space_and_has_no_settings) {
    const auto message = parsed(speak_in_context("7", Secret("He said \"no\".\n")));
    EXPECT_EQ(message.size(), 3u);
    EXPECT_EQ(message.at("text"), "He said \"no\".\n ");
    EXPECT_EQ(message.at("context_id"), "7");
    EXPECT_EQ(message.at("flush"), true);
    EXPECT_EQ(parsed(speak_in_context("7", Secret("Yes. "))).at("text"), "Yes. ");
}

TEST(ContextMessages, the_text_is_valid_utf8_whatever_it_was) {
    EXPECT_EQ(parsed(speak_in_context("7", Secret("a\xFF z"))).at("text"), "a\uFFFD z ");
}

TEST(ContextMessages, closing_one_is_not_closing_all) {
    EXPECT_EQ(parsed(close_context("7")), (boost::json::object{{"close_context", true}, {"context_id", "7"}}));
    EXPECT_EQ(parsed(close_socket()), (boost::json::object{{"close_socket", true}}));
}

TEST(SocketFrame, carries_decoded_audio_of_a_context) {
    const auto frame = read_socket_frame(
        R"({"audio":"//8A","isFinal":null,"alignment":{"chars":["H"],"charStartTimesMs":[0],"charDurationsMs":[50]},)"
        R"("normalizedAlignment":null,"contextId":"12"})");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->context_id, "12");
    EXPECT_EQ(text_of(frame->audio), std::string("\xFF\xFF\x00", 3));
    EXPECT_FALSE(frame->is_final);
    EXPECT_FALSE(frame->error);
}

TEST(SocketFrame, tells_until_when_something_is_said) {
    const auto until = [](const std::string& alignment) {
        const auto frame = read_socket_frame(R"({"audio":"//8A","contextId":"1",)" + alignment + "}");
        EXPECT_TRUE(frame) << alignment;
        return frame->speaks_until.count();
    };
    EXPECT_EQ(until(R"("alignment":{"chars":["H","i"],"charStartTimesMs":[0,60],"charDurationsMs":[60,90]})"), 150);
    EXPECT_EQ(until(R"("alignment":{"charStartTimesMs":[0,60.5],"charsDurationsMs":[60,90]})"), 150);
    EXPECT_EQ(until(R"("alignment":null,"normalizedAlignment":{"charStartTimesMs":[20],"charDurationsMs":[5]})"), 25);
    EXPECT_EQ(until(R"("alignment":null)"), 0);
    EXPECT_EQ(until(R"("alignment":{"charStartTimesMs":[],"charDurationsMs":"x"})"), 0);
    EXPECT_EQ(until(R"("alignment":{"charStartTimesMs":[-5],"charDurationsMs":[true]})"), 0);
    EXPECT_EQ(until(R"("alignment":{"charStartTimesMs":[1e300]})"), 3'600'000) << "as long as anything may be";
}

TEST(SocketFrame, understands_both_spellings_of_its_names) {
    for (const char* text : {R"({"isFinal":true,"contextId":"12"})", R"({"is_final":true,"context_id":"12"})",
                             R"({"audio":null,"isFinal":null,"is_final":true,"contextId":null,"context_id":"12"})"}) {
        const auto frame = read_socket_frame(text);
        ASSERT_TRUE(frame) << text;
        EXPECT_TRUE(frame->is_final) << text;
        EXPECT_EQ(frame->context_id, "12") << text;
        EXPECT_TRUE(frame->audio.empty()) << text;
    }
}

TEST(SocketFrame, says_nothing_where_it_is_of_an_unknown_kind_or_its_members_of_a_wrong_type) {
    for (const char* text : {"{}", R"({"type":"flush_done","x":[1]})", R"({"audio":null,"error":null,"detail":null})",
                             R"({"audio":7,"isFinal":"true","contextId":12})", R"({"audio":""})"}) {
        const auto frame = read_socket_frame(text);
        ASSERT_TRUE(frame) << text;
        EXPECT_TRUE(frame->audio.empty()) << text;
        EXPECT_FALSE(frame->is_final) << text;
        EXPECT_FALSE(frame->error) << text;
        EXPECT_TRUE(frame->context_id.empty()) << text;
    }
}

TEST(SocketFrame, tells_what_cannot_be_read) {
    EXPECT_EQ(read_socket_frame("").error(), FrameError::not_an_object);
    EXPECT_EQ(read_socket_frame("<html>").error(), FrameError::not_an_object);
    EXPECT_EQ(read_socket_frame("[1]").error(), FrameError::not_an_object);
    EXPECT_EQ(read_socket_frame(R"({"audio":"//8A")").error(), FrameError::not_an_object);
    EXPECT_EQ(read_socket_frame(std::string(100, '[')).error(), FrameError::not_an_object);
    EXPECT_EQ(read_socket_frame(R"({"audio":"//8"})").error(), FrameError::bad_audio);
    EXPECT_EQ(read_socket_frame(R"({"audio":"//8*"})").error(), FrameError::bad_audio);
    EXPECT_EQ(read_socket_frame(std::string(socket_frame_bytes_max + 1, ' ')).error(), FrameError::too_large);
}

TEST(SocketFrame, of_a_megabyte_is_an_ordinary_one) {
    const std::vector<std::byte> audio(1'000'000, std::byte{0x7F});
    const auto frame = read_socket_frame(R"({"contextId":"1","audio":")" + encoding::to_base64(audio) + "\"}");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->audio, audio);
}

TEST(SocketError, is_blamed_by_its_name) {
    const auto blame_of = [](const std::string& error) {
        const auto frame = read_socket_frame(R"({"message":"m","error":")" + error + R"(","code":1008})");
        EXPECT_TRUE(frame && frame->error);
        EXPECT_EQ(frame->error->code, error);
        return frame->error->blame;
    };
    EXPECT_EQ(blame_of("invalid_api_key"), Blame::key);
    EXPECT_EQ(blame_of("authentication_required"), Blame::key);
    EXPECT_EQ(blame_of("voice_id_does_not_exist"), Blame::voice);
    EXPECT_EQ(blame_of("quota_exceeded"), Blame::account);
    EXPECT_EQ(blame_of("detected_unusual_activity"), Blame::account);
    EXPECT_EQ(blame_of("max_active_conversations"), Blame::busy);
    EXPECT_EQ(blame_of("input_timeout_exceeded"), Blame::upstream);
    EXPECT_EQ(blame_of("something_new"), Blame::upstream);
}

TEST(SocketError, may_name_its_context_and_bring_no_audio_or_end_with_it) {
    const auto frame =
        read_socket_frame(R"({"error":"system_busy","contextId":"3","audio":"//8A","isFinal":true,"code":1008})");
    ASSERT_TRUE(frame && frame->error);
    EXPECT_EQ(frame->context_id, "3");
    EXPECT_TRUE(frame->audio.empty());
    EXPECT_FALSE(frame->is_final);
}

TEST(SocketError, may_have_the_shape_of_an_http_one) {
    const auto frame = read_socket_frame(R"({"detail":{"status":"quota_exceeded","message":"m"}})");
    ASSERT_TRUE(frame && frame->error);
    EXPECT_EQ(frame->error->code, "quota_exceeded");
}

TEST(SocketError, without_a_name_is_called_by_its_close_code) {
    EXPECT_EQ(read_socket_frame(R"({"error":"No such thing!","code":1011})")->error->code, "websocket_1011");
    EXPECT_EQ(read_socket_frame(R"({"error":true,"code":99999999})")->error->code, "websocket_error");
    EXPECT_EQ(read_socket_frame(R"({"error":{},"code":"x y"})")->error->code, "websocket_error");
}

}  // namespace
