#include "gateway/embedded_voice.hpp"

#include "audio/mulaw.hpp"
#include "tests/gateway/speech_recorder.hpp"
#include "tests/net/loopback_server.hpp"
#include "voice/mulaw_speech.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using gateway::EmbeddedVoice;
using gateway::EmbeddedVoicePool;
using speech::Failure;
using test::SpeechRecorder;
using voice::FliteVoiceName;

const std::string one_sentence = "Thank you for calling, how may I help you today?";

std::string sentences(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "This is one more sentence that nobody really wants to hear. ";
    return text;
}

class EmbeddedVoiceTest : public testing::Test {
protected:
    void open(EmbeddedVoicePool::Options options, EmbeddedVoice::Options voice_options = {FliteVoiceName::kal, {}}) {
        pool.emplace(options);
        voice.emplace(loop, *pool, voice_options);
    }
    bool run_until_ended(const SpeechRecorder& recorder) {
        return test::run_until(loop, [&] { return recorder.ended(); });
    }
    void settle() {
        for (int round = 0; round < 50; ++round) loop.turn(loop.now() + std::chrono::milliseconds(1));
    }

    net::EventLoop loop;
    std::optional<EmbeddedVoicePool> pool;
    std::optional<EmbeddedVoice> voice;
};

TEST_F(EmbeddedVoiceTest, says_what_the_voice_says) {
    open({.threads = 2});
    SpeechRecorder recorder;
    const auto utterance = voice->say(test::speech_request(one_sentence), recorder);
    EXPECT_TRUE(recorder.clips.empty());
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_TRUE(recorder.finished);

    // kal gives the same samples every time.
    std::string expected;
    voice::FliteVoice kal(FliteVoiceName::kal);
    ASSERT_TRUE(voice::speak_mulaw(kal, one_sentence, 1.0, [&](audio::Clip clip) {
        for (const std::byte code : clip.bytes()) expected.push_back(static_cast<char>(code));
        return true;
    }));
    EXPECT_EQ(recorder.heard, expected);
    EXPECT_GT(audio::duration_of(recorder.heard.size()), 2s);
}

TEST_F(EmbeddedVoiceTest, says_every_sentence_of_a_text_in_order) {
    open({.threads = 2});
    const std::string first = "The first sentence is about apples and pears. ",
                      second = "The second one is about the weather.";
    SpeechRecorder whole, alone_first, alone_second;
    const auto a = voice->say(test::speech_request(first + second), whole);
    const auto b = voice->say(test::speech_request(first), alone_first);
    const auto c = voice->say(test::speech_request(second), alone_second);
    ASSERT_TRUE(test::run_until(loop, [&] { return whole.ended() && alone_first.ended() && alone_second.ended(); }));
    EXPECT_EQ(whole.heard, alone_first.heard + alone_second.heard);
}

TEST_F(EmbeddedVoiceTest, heeds_the_speed) {
    open({.threads = 1});
    SpeechRecorder slow, fast;
    auto slowly = test::speech_request(one_sentence), quickly = test::speech_request(one_sentence);
    slowly.voice.settings.speed = 0.7;
    quickly.voice.settings.speed = 1.2;
    const auto a = voice->say(slowly, slow);
    const auto b = voice->say(quickly, fast);
    ASSERT_TRUE(test::run_until(loop, [&] { return slow.ended() && fast.ended(); }));
    EXPECT_GT(slow.heard.size(), fast.heard.size() * 3 / 2);
}

TEST_F(EmbeddedVoiceTest, is_heard_while_it_is_still_being_made) {
    open({.threads = 1}, {FliteVoiceName::slt, {}});
    // One thread: had the second speech been finished before it is first heard, the first clip of it could not come
    // before its end.
    SpeechRecorder recorder;
    std::optional<net::Instant> first, last;
    recorder.when_audio = [&] {
        last = net::Clock::now();
        if (!first) first = last;
    };
    const auto begun = net::Clock::now();
    const auto utterance = voice->say(test::speech_request(sentences(4)), recorder);
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_GT(recorder.clips.size(), 20u);
    EXPECT_LT((*first - begun) * 2, *last - begun);
}

TEST_F(EmbeddedVoiceTest, falls_silent_when_cancelled_in_mid_speech) {
    open({.threads = 1});
    std::unique_ptr<speech::Utterance> utterance;
    SpeechRecorder cancelled, next;
    cancelled.when_audio = [&] { utterance.reset(); };
    utterance = voice->say(test::speech_request(sentences(500)), cancelled);
    const auto after = voice->say(test::speech_request(one_sentence), next);
    ASSERT_TRUE(run_until_ended(next));
    settle();
    EXPECT_EQ(cancelled.clips.size(), 1u);
    EXPECT_FALSE(cancelled.ended());
    EXPECT_TRUE(next.finished);
}

TEST_F(EmbeddedVoiceTest, what_is_cancelled_while_it_waits_leaves_its_place_to_others) {
    open({.threads = 1, .waiting_max = 2});
    SpeechRecorder speaking, cancelled, next;
    auto blocking = voice->say(test::speech_request(sentences(300)), speaking);
    for (int i = 0; i < 10; ++i) voice->say(test::speech_request(one_sentence), cancelled).reset();
    const auto utterance = voice->say(test::speech_request(one_sentence), next);
    ASSERT_TRUE(run_until_ended(next));
    EXPECT_TRUE(next.finished);
    EXPECT_TRUE(cancelled.clips.empty());
    EXPECT_FALSE(cancelled.ended());
}

TEST_F(EmbeddedVoiceTest, a_listener_may_end_the_utterance_at_its_end) {
    open({.threads = 1});
    std::unique_ptr<speech::Utterance> utterance;
    SpeechRecorder recorder;
    recorder.when_ended = [&] { utterance.reset(); };
    utterance = voice->say(test::speech_request(one_sentence), recorder);
    ASSERT_TRUE(test::run_until(loop, [&] { return utterance == nullptr; }));
    EXPECT_TRUE(recorder.finished);
}

TEST_F(EmbeddedVoiceTest, serves_fifty_at_once_and_the_first_words_of_all_before_the_last_of_any) {
    open({.threads = 2});
    constexpr std::size_t callers = 50;
    std::vector<SpeechRecorder> recorders(callers);
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    std::size_t begun = 0, begun_at_first_end = 0;
    for (auto& recorder : recorders) {
        recorder.when_audio = [&] { begun += recorder.clips.size() == 1 ? 1 : 0; };
        recorder.when_ended = [&] { begun_at_first_end = begun_at_first_end == 0 ? begun : begun_at_first_end; };
        utterances.push_back(voice->say(test::speech_request(sentences(3)), recorder));
    }
    const auto ended = [](const SpeechRecorder& recorder) { return recorder.ended(); };
    ASSERT_TRUE(test::run_until(loop, [&] { return std::ranges::all_of(recorders, ended); }, 60s));
    for (const auto& recorder : recorders) {
        EXPECT_TRUE(recorder.finished);
        EXPECT_EQ(recorder.heard, recorders[0].heard);
    }
    EXPECT_EQ(begun_at_first_end, callers);
}

TEST_F(EmbeddedVoiceTest, serves_first_who_needs_it_first) {
    open({.threads = 1});
    std::vector<std::string> order;
    SpeechRecorder blocking, patient, urgent;
    const auto first = voice->say(test::speech_request(sentences(1)), blocking);
    const auto second = voice->say(test::speech_request(sentences(1)), patient);
    const auto third = voice->say(test::speech_request(sentences(1)), urgent);
    second->needed_by(net::Clock::now() + 10s);
    third->needed_by(net::Clock::now());
    patient.when_ended = [&] { order.push_back("patient"); };
    urgent.when_ended = [&] { order.push_back("urgent"); };
    ASSERT_TRUE(test::run_until(loop, [&] { return order.size() == 2; }));
    EXPECT_EQ(order, (std::vector<std::string>{"urgent", "patient"}));
}

TEST_F(EmbeddedVoiceTest, tells_those_for_whom_it_would_come_late) {
    open({.threads = 1}, {FliteVoiceName::slt, 100ms});
    SpeechRecorder blocking, late, patient;
    const auto first = voice->say(test::speech_request(sentences(1)), blocking);
    const auto second = voice->say(test::speech_request(one_sentence), late);
    second->needed_by(net::Clock::now() - 101ms);
    const auto third = voice->say(test::speech_request(one_sentence), patient);
    third->needed_by(net::Clock::now() + 60s);
    ASSERT_TRUE(test::run_until(loop, [&] { return late.ended() && patient.ended(); }));
    EXPECT_EQ(late.failure.value().kind, Failure::Kind::busy);
    EXPECT_EQ(late.failure->reason, "voice late");
    EXPECT_EQ(late.failure->scope, Failure::Scope::source);
    EXPECT_TRUE(late.clips.empty());
    EXPECT_TRUE(patient.finished);
}

TEST_F(EmbeddedVoiceTest, goes_on_with_what_it_has_begun_even_when_late) {
    open({.threads = 1}, {FliteVoiceName::slt, 60s});
    SpeechRecorder recorder;
    std::unique_ptr<speech::Utterance> utterance;
    recorder.when_audio = [&] { utterance->needed_by(net::Clock::now() - 120s); };
    utterance = voice->say(test::speech_request(sentences(3)), recorder);
    ASSERT_TRUE(run_until_ended(recorder));
    EXPECT_TRUE(recorder.finished);
}

TEST_F(EmbeddedVoiceTest, refuses_what_it_cannot_say_in_words_that_tell_why) {
    open({.threads = 1, .waiting_max = 3});
    for (const std::string& text :
         {std::string(), std::string(" ... !"), std::string("こんにちは。"), std::string("\xFF\xFE")}) {
        SpeechRecorder recorder;
        const auto utterance = voice->say(test::speech_request(text), recorder);
        ASSERT_TRUE(run_until_ended(recorder));
        EXPECT_EQ(recorder.failure.value().kind, Failure::Kind::refused);
        EXPECT_EQ(recorder.failure->reason, "nothing to say");
    }
    SpeechRecorder endless;
    const auto utterance = voice->say(test::speech_request(std::string(voice::text_bytes_max + 1, 'a')), endless);
    EXPECT_FALSE(endless.ended());
    ASSERT_TRUE(run_until_ended(endless));
    EXPECT_EQ(endless.failure.value().reason, "text too long");

    SpeechRecorder mixed;
    const auto partly =
        voice->say(test::speech_request("你好，你好，你好，你好。 Hello to everybody out there."), mixed);
    ASSERT_TRUE(run_until_ended(mixed));
    EXPECT_TRUE(mixed.finished);
}

TEST_F(EmbeddedVoiceTest, refuses_as_busy_when_too_many_wait) {
    open({.threads = 1, .waiting_max = 3});
    std::vector<SpeechRecorder> recorders(10);
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    for (auto& recorder : recorders) {
        utterances.push_back(voice->say(test::speech_request(sentences(40)), recorder));
        EXPECT_FALSE(recorder.ended());
    }
    const auto refused = [](const SpeechRecorder& recorder) {
        return recorder.failure && recorder.failure->kind == Failure::Kind::busy;
    };
    // One is being made and three wait, at most.
    ASSERT_TRUE(test::run_until(loop, [&] { return std::ranges::count_if(recorders, refused) >= 6; }));
    ASSERT_TRUE(test::run_until(
        loop, [&] { return std::ranges::all_of(recorders, [](const auto& recorder) { return recorder.ended(); }); },
        60s));
    EXPECT_GE(std::ranges::count_if(recorders, [](const auto& recorder) { return recorder.finished; }), 3);
}

TEST_F(EmbeddedVoiceTest, stopping_the_pool_ends_every_speech_with_a_failure) {
    open({.threads = 2}, {FliteVoiceName::slt, {}});
    std::vector<SpeechRecorder> recorders(20);
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    for (auto& recorder : recorders) utterances.push_back(voice->say(test::speech_request(sentences(100)), recorder));
    ASSERT_TRUE(test::run_until(loop, [&] { return !recorders[0].clips.empty(); }));
    pool.reset();
    settle();
    for (const auto& recorder : recorders) {
        ASSERT_TRUE(recorder.failure);
        EXPECT_EQ(recorder.failure->reason, "voice stopped");
    }
    SpeechRecorder late;
    const auto utterance = voice->say(test::speech_request(one_sentence), late);
    ASSERT_TRUE(run_until_ended(late));
    EXPECT_EQ(late.failure.value().kind, Failure::Kind::busy);
}

TEST_F(EmbeddedVoiceTest, a_loop_may_end_while_the_threads_speak_for_it) {
    EmbeddedVoicePool shared({.threads = 2});
    for (int round = 0; round < 20; ++round) {
        net::EventLoop short_lived;
        std::vector<SpeechRecorder> recorders(4);
        EmbeddedVoice its_voice(short_lived, shared, {FliteVoiceName::kal, {}});
        std::vector<std::unique_ptr<speech::Utterance>> utterances;
        for (auto& recorder : recorders)
            utterances.push_back(its_voice.say(test::speech_request(sentences(20)), recorder));
        ASSERT_TRUE(test::run_until(short_lived, [&] { return !recorders[0].clips.empty(); }));
    }
}

TEST_F(EmbeddedVoiceTest, speaks_on_several_loops_each_on_its_own_thread) {
    EmbeddedVoicePool shared({.threads = 2});
    std::vector<std::string> heard(4);
    {
        std::vector<std::jthread> loops;
        for (auto& what : heard) {
            loops.emplace_back([&shared, &what] {
                net::EventLoop own;
                EmbeddedVoice its_voice(own, shared, {FliteVoiceName::kal, {}});
                SpeechRecorder recorder;  // checks the thread
                const auto utterance = its_voice.say(test::speech_request(one_sentence), recorder);
                EXPECT_TRUE(test::run_until(own, [&] { return recorder.ended(); }));
                what = recorder.heard;
            });
        }
    }
    for (const auto& what : heard) EXPECT_EQ(what, heard[0]);
    EXPECT_FALSE(heard[0].empty());
}

}  // namespace
