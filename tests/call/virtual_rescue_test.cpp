// What is left to be heard of a call whose stream is lost, and what a new stream makes of it.
#include "virtual_call.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::AfterSpeech;
using call::CallPlan;
using Texts = std::vector<std::string>;

// Sums that differ modulo 8, so that no two share a code.
const Texts sentences{"The first of three. ", "The second of them. ", "The third is the last."};
const std::vector<std::size_t> sentence_bytes{16'050, 24'070, 16'000};
const std::string message = sentences[0] + sentences[1] + sentences[2];

CallPlan plan_for(const std::string& text, AfterSpeech after_speech = AfterSpeech::stay) {
    return {.speech = request(text), .after_speech = after_speech};
}

class Stream : public VirtualCall {
public:
    explicit Stream(CallPlan plan, Options options = {}) : VirtualCall(with(std::move(options), std::move(plan))) {
        script_sentences(sentences, sentence_bytes);
        script("besides", whole(16'000));
        script("else", whole(8'000));
        start();
        run_for(0us);
    }

private:
    static Options with(Options options, CallPlan plan) {
        options.plan = std::move(plan);
        return options;
    }
};

Texts unheard_texts(const CallPlan& plan) {
    Texts texts;
    for (const call::Passage& passage : plan.unheard()) texts.push_back(passage.rest().text.reveal());
    return texts;
}

bool contains(const std::vector<std::byte>& heard, const std::vector<std::byte>& part) {
    return std::search(heard.begin(), heard.end(), part.begin(), part.end()) != heard.end();
}

TEST(VirtualRescue, of_a_stream_that_is_lost_before_a_word_all_is_left) {
    Stream stream(plan_for(message));
    EXPECT_EQ(unheard_texts(stream.session().rest()), Texts{message});
    stream.run_for(100ms);
    stream.lose_connection();
    EXPECT_EQ(unheard_texts(stream.session().rest()), Texts{message});
    EXPECT_EQ(stream.closed->outcome, call::Outcome::connection_lost);
}

TEST(VirtualRescue, a_sentence_is_heard_when_the_mark_at_its_end_comes_back) {
    Stream stream(plan_for(message));
    stream.run_for(1'990ms);  // the first takes 2.006 s
    EXPECT_EQ(stream.session().rest().heard_bytes, 0U);
    stream.run_for(20ms);
    EXPECT_EQ(stream.session().rest().heard_bytes, sentences[0].size());
    stream.run_for(3'000ms);  // both, 5.015 s
    EXPECT_EQ(stream.session().rest().heard_bytes, sentences[0].size() + sentences[1].size());
    stream.run_for(3s);
    EXPECT_TRUE(stream.session().rest().unheard().empty());
}

TEST(VirtualRescue, no_message_goes_beyond_the_end_of_a_sentence_and_all_is_heard_as_ever) {
    Stream stream(plan_for(message));
    stream.run_for(10s);
    const auto whole_frames = [](std::size_t bytes) { return bytes / audio::frame_bytes * audio::frame_bytes; };
    std::size_t sent = 0, boundaries = 0;
    for (const std::size_t bytes : stream.media_bytes) {
        sent += bytes;
        boundaries += sent == whole_frames(16'050) || sent == whole_frames(16'050 + 24'070) ? 1 : 0;
    }
    EXPECT_EQ(boundaries, 2U);
    EXPECT_EQ(stream.heard(), stream.voice(message));
    EXPECT_TRUE(stream.ear.gaps().empty());
}

TEST(VirtualRescue, a_sentence_whose_end_is_told_late_is_heard_all_the_same) {
    VirtualCall call({.plan = plan_for(message)});
    Script script{.chunks = {{0ms, 8'000}, {3s, 0, sentences[0].size()}}, .end_after = std::nullopt};
    call.script(message, script);
    call.start();
    call.run_for(2'900ms);
    EXPECT_EQ(call.session().rest().heard_bytes, 0U);
    call.run_for(200ms);  // nothing of the next one has come
    EXPECT_EQ(call.session().rest().heard_bytes, sentences[0].size());
}

TEST(VirtualRescue, what_was_asked_for_meanwhile_is_left_as_well) {
    Stream stream(plan_for(message));
    stream.run_for(2'500ms);
    stream.say("besides");
    stream.mark("behind it");
    stream.say("else");
    EXPECT_EQ(unheard_texts(stream.session().rest()), (Texts{sentences[1] + sentences[2], "besides", "else"}));
    stream.run_for(5s);  // the message takes 7.0 s
    EXPECT_EQ(unheard_texts(stream.session().rest()), (Texts{"besides", "else"}));
    stream.lose_connection();
    EXPECT_EQ(unheard_texts(stream.session().rest()), (Texts{"besides", "else"}));
}

TEST(VirtualRescue, what_was_cleared_is_not) {
    Stream stream(plan_for(message));
    stream.run_for(500ms);
    stream.say("besides");
    stream.say("else", true);
    EXPECT_EQ(unheard_texts(stream.session().rest()), Texts{"else"});
    stream.clear();
    EXPECT_TRUE(stream.session().rest().unheard().empty());
}

TEST(VirtualRescue, what_failed_is_left_until_something_else_was_heard) {
    Stream stream(plan_for(message));
    stream.script("breaks off", {.chunks = {{0ms, 8'000, 7}, {0ms, 800}}, .end_after = 100ms, .fails = true});
    stream.run_for(8s);
    stream.say("breaks off");
    stream.run_for(3s);
    EXPECT_EQ(unheard_texts(stream.session().rest()), Texts{"off"});
    stream.say("besides");
    EXPECT_EQ(unheard_texts(stream.session().rest()), (Texts{"off", "besides"}));
    stream.run_for(3s);
    EXPECT_TRUE(stream.session().rest().unheard().empty());
}

TEST(VirtualRescue, the_order_to_hang_up_behind_the_last_word_goes_on) {
    Stream stream(plan_for(message));
    stream.run_for(500ms);
    stream.hang_up(call::StreamSession::HangUp::after_speech);
    stream.lose_connection();
    EXPECT_EQ(stream.session().rest().after_speech, AfterSpeech::hang_up);
}

TEST(VirtualRescue, a_new_stream_says_the_rest_and_nothing_that_was_heard) {
    Stream lost(plan_for(message, AfterSpeech::hang_up));
    lost.say("besides");
    lost.run_for(2'500ms);
    lost.lose_connection();
    Stream stream(lost.session().rest());
    stream.say("else");
    stream.run_for(20s);
    EXPECT_EQ(stream.closed->outcome, call::Outcome::completed);
    EXPECT_EQ(stream.actions.front(), "start " + sentences[1] + sentences[2]);
    auto all = stream.voice(sentences[1] + sentences[2]);
    for (const auto* text : {"besides", "else"}) {
        const auto voice = stream.voice(text);
        all.insert(all.end(), voice.begin(), voice.end());
    }
    EXPECT_EQ(stream.heard(), all);
}

TEST(VirtualRescue, a_call_that_is_lost_again_goes_on_where_the_second_stream_was) {
    Stream first(plan_for(message));
    first.run_for(2'500ms);
    first.lose_connection();
    Stream second(first.session().rest());
    second.run_for(1s);
    EXPECT_EQ(second.session().rest().heard_bytes, sentences[0].size());  // counted in the whole text
    second.run_for(2'500ms);
    second.lose_connection();
    EXPECT_EQ(unheard_texts(second.session().rest()), Texts{sentences[2]});
    EXPECT_EQ(second.session().rest().speech.text.reveal(), message);
}

TEST(VirtualRescue, where_all_was_heard_a_new_stream_stays_silent_or_ends) {
    Stream lost(plan_for(message));
    lost.run_for(10s);
    lost.lose_connection();
    EXPECT_EQ(lost.closed->outcome, call::Outcome::completed);
    EXPECT_TRUE(lost.session().goes_on());
    CallPlan rest = lost.session().rest();
    Stream stays(rest);
    stays.run_for(10s);
    EXPECT_TRUE(stays.actions.empty());
    rest.after_speech = AfterSpeech::hang_up;
    Stream ends(rest);
    ends.run_for(0us);
    EXPECT_EQ(ends.closed->outcome, call::Outcome::completed);
    EXPECT_FALSE(ends.session().goes_on());
}

// Whenever the stream is lost: every sentence is heard whole, in order, and only the one that was cut a second time.
TEST(VirtualRescue, at_any_moment_loses_nothing_and_repeats_one_sentence_at_most) {
    for (milliseconds lost_after{100}; lost_after < 7'200ms; lost_after += 37ms) {
        SCOPED_TRACE(lost_after.count());
        VirtualCall::Options options{.delay = 20ms, .jitter = 15ms};
        options.seed = static_cast<std::uint32_t>(lost_after.count());
        Stream lost(plan_for(message), options);
        lost.run_for(lost_after);
        lost.lose_connection();
        Stream stream(lost.session().rest(), options);
        stream.run_for(10s);
        int twice = 0;
        std::size_t end = 0;  // of the sentence, in the audio
        for (std::size_t i = 0; i < sentences.size(); ++i) {
            const auto voice = voice_of(sentences[i], sentence_bytes[i]);
            const bool before = contains(lost.heard(), voice), after = contains(stream.heard(), voice);
            EXPECT_TRUE(before || after) << "sentence " << i;
            end += sentence_bytes[i];
            if (!before || !after) continue;
            ++twice;  // its mark was on its way back
            EXPECT_LE(lost.heard().size() - end, audio::bytes_in(2 * (options.delay + options.jitter)) + 160);
        }
        EXPECT_LE(twice, 1);
    }
}

}  // namespace
}  // namespace virtual_call
