#include "speech/single_flight.hpp"

#include "speech/scripted_source.hpp"

#include <deque>
#include <random>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;

class SingleFlightTest : public ::testing::Test {
protected:
    RecordingListener& say(std::string text, std::string voice = "v") {
        RecordingListener& listener = listeners.emplace_back(timers);
        utterances.push_back(shared.say(request_for(std::move(text), std::move(voice)), listener));
        EXPECT_TRUE(listener.clips.empty());  // never from inside say()
        return listener;
    }

    ManualTimers timers;
    ScriptedSource source{timers, [](const Request&) {
                              return Script{audio_after(100ms, 100), audio_after(100ms, 100), audio_after(100ms),
                                            finish_after(10ms)};
                          }};
    SingleFlight shared{source, timers};
    std::deque<RecordingListener> listeners;
    std::vector<std::unique_ptr<Utterance>> utterances;
};

TEST_F(SingleFlightTest, makes_one_request_for_a_hundred_that_are_alike) {
    for (int i = 0; i < 100; ++i) say("Hello.");
    timers.run();
    EXPECT_EQ(source.requests.size(), 1U);
    for (const RecordingListener& listener : listeners) {
        EXPECT_TRUE(listener.finished);
        EXPECT_EQ(listener.bytes, 6 * letter_bytes);
        // The very same storage: a hundred calls hold one greeting.
        EXPECT_EQ(listener.clips[0].second.bytes().data(), listeners[0].clips[0].second.bytes().data());
    }
}

TEST_F(SingleFlightTest, keeps_apart_what_differs) {
    say("Hello.");
    say("Hello!");
    say("Hello.", "w");
    Request faster = request_for("Hello.", "v");
    faster.voice.settings.speed = 1.1;
    RecordingListener listener(timers);
    const auto utterance = shared.say(faster, listener);
    timers.run();
    EXPECT_EQ(source.requests.size(), 4U);
}

TEST_F(SingleFlightTest, gives_a_late_one_what_came_so_far_and_then_the_rest) {
    say("Hello.");
    timers.advance(250ms);
    RecordingListener& late = say("Hello.");
    timers.advance(0ms);
    EXPECT_EQ(late.bytes, 200U);
    timers.run();
    EXPECT_EQ(late.heard(), listeners[0].heard());
    EXPECT_TRUE(late.finished);
}

TEST_F(SingleFlightTest, serves_a_late_one_even_if_the_request_ends_before_it_has_caught_up) {
    source.script = [](const Request&) { return Script{audio_after(100ms), finish_after(0ms)}; };
    RecordingListener& first = say("Hello.");
    RecordingListener* late = nullptr;
    first.when_audio = [&] { late = &say("Hello."); };
    timers.run();
    ASSERT_NE(late, nullptr);
    EXPECT_TRUE(late->finished);
    EXPECT_EQ(late->bytes, first.bytes);
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(SingleFlightTest, asks_anew_after_the_end) {
    say("Hello.");
    timers.run();
    say("Hello.");
    timers.run();
    EXPECT_EQ(source.requests.size(), 2U);
}

TEST_F(SingleFlightTest, tells_all_of_a_failure) {
    source.script = [](const Request&) {
        return Script{audio_after(10ms, 50), fail_after(10ms, Failure::Kind::refused, "no")};
    };
    for (int i = 0; i < 3; ++i) say("Hello.");
    timers.run();
    for (const RecordingListener& listener : listeners) {
        ASSERT_TRUE(listener.failure.has_value());
        EXPECT_EQ(listener.failure->reason, "no");
    }
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(SingleFlightTest, goes_on_while_one_is_left_and_stops_with_the_last) {
    for (int i = 0; i < 3; ++i) say("Hello.");
    utterances[0].reset();
    utterances[2].reset();
    EXPECT_EQ(source.live, 1);
    timers.advance(150ms);
    EXPECT_EQ(listeners[1].bytes, 100U);
    utterances[1].reset();
    EXPECT_EQ(source.live, 0);
    EXPECT_EQ(timers.waiting(), 0U);
    say("Hello.");
    EXPECT_EQ(source.requests.size(), 2U);
}

TEST_F(SingleFlightTest, asks_for_whoever_is_needed_first) {
    say("Hello.");
    say("Hello.");
    const Instant now = timers.now();
    utterances[0]->needed_by(now + 5s);
    utterances[1]->needed_by(now + 2s);
    EXPECT_EQ(source.needs.back(), now + 2s);
    utterances[1]->needed_by(now + 9s);
    EXPECT_EQ(source.needs.back(), now + 5s);
}

TEST_F(SingleFlightTest, counts_the_need_of_those_who_have_joined_and_not_of_those_who_left) {
    say("Hello.");
    say("Hello.");
    say("Hello.");
    const Instant now = timers.now();
    utterances[0]->needed_by(now + 5s);
    EXPECT_EQ(source.needs.back(), now) << "the others have not said that they can wait";
    utterances[1]->needed_by(now + 3s);
    utterances[2]->needed_by(now + 1s);
    utterances[2].reset();
    utterances[0]->needed_by(now + 4s);
    EXPECT_EQ(source.needs.back(), now + 3s);
}

TEST_F(SingleFlightTest, serves_those_who_stay_whoever_leaves_and_joins_at_any_moment) {
    std::minstd_rand random(1);
    const auto below = [&](std::size_t size) {
        return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
    };
    for (int round = 0; round < 50; ++round) {
        listeners.clear();
        utterances.clear();
        for (int i = 0; i < 40; ++i) {
            say("Hello.");
            // Who hears something sends somebody away, or brings somebody.
            listeners.back().when_audio = [&] {
                if (below(3) == 0) utterances[below(utterances.size())].reset();
                if (below(10) == 0) say("Hello.");
            };
        }
        for (int step = 0; step < 4; ++step) {
            timers.advance(80ms);
            utterances[below(utterances.size())].reset();
        }
        timers.run();
        for (std::size_t i = 0; i < utterances.size(); ++i) {
            EXPECT_TRUE(!utterances[i] || listeners[i].finished) << round << " " << i;
        }
        utterances.clear();
        EXPECT_EQ(source.live, 0);
    }
}

// Each of five may destroy itself or all, at each event.
TEST_F(SingleFlightTest, survives_every_departure_from_inside_a_callback) {
    for (std::size_t who = 0; who < 5; ++who) {
        for (std::size_t event = 1; event <= 4; ++event) {
            for (const bool all : {false, true}) {
                listeners.clear();
                utterances.clear();
                for (int i = 0; i < 5; ++i) say("Hello.");
                const auto go = [&, who, all] {
                    if (all) {
                        for (auto& utterance : utterances) utterance.reset();
                    } else {
                        utterances[who].reset();
                    }
                };
                listeners[who].when_audio = [&, event, go] {
                    if (listeners[who].clips.size() == event) go();
                };
                listeners[who].when_ended = go;
                timers.run();
                EXPECT_EQ(timers.waiting(), 0U);
                EXPECT_EQ(source.live, 0);
                for (std::size_t i = 0; i < 5; ++i) {
                    if (i != who && !all) {
                        EXPECT_TRUE(listeners[i].finished) << i;
                    }
                }
            }
        }
    }
}

}  // namespace
