#include "gateway/voice_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using gateway::VoiceQueue;

struct NamedJob final : gateway::VoiceJob {
    explicit NamedJob(std::string its_name) : name(std::move(its_name)) {}
    Made make_sentence(gateway::VoiceMaker&, net::Instant) override { return {}; }
    void give_up() override {}
    const std::string name;
};

const net::Instant now{};

std::string take(VoiceQueue& queue) {
    return std::static_pointer_cast<NamedJob>(queue.take())->name;
}

TEST(VoiceQueue, gives_out_what_is_needed_first) {
    VoiceQueue queue(10);
    ASSERT_TRUE(queue.add(std::make_shared<NamedJob>("late"), now + 5s));
    ASSERT_TRUE(queue.add(std::make_shared<NamedJob>("soon"), now + 1s));
    ASSERT_TRUE(queue.add(std::make_shared<NamedJob>("soon too"), now + 1s));
    EXPECT_EQ(take(queue), "soon");
    EXPECT_EQ(take(queue), "soon too");
    EXPECT_EQ(take(queue), "late");
}

TEST(VoiceQueue, puts_a_long_speech_behind_others_by_the_audio_it_already_has) {
    VoiceQueue queue(10);
    queue.add(std::make_shared<NamedJob>("long"), now);
    const auto job = queue.take();
    queue.add(std::make_shared<NamedJob>("within"), now + 2s);
    queue.add(std::make_shared<NamedJob>("beyond"), now + 4s);
    ASSERT_TRUE(queue.put_back(job, 3s));
    EXPECT_EQ(take(queue), "within");
    EXPECT_EQ(take(queue), "long");
    EXPECT_EQ(take(queue), "beyond");
}

TEST(VoiceQueue, lets_the_need_change_while_waiting_and_while_being_made) {
    VoiceQueue queue(10);
    const auto first = std::make_shared<NamedJob>("first"), second = std::make_shared<NamedJob>("second");
    queue.add(first, now);
    queue.add(second, now + 1s);
    queue.set_needed_by(*first, now + 2s);
    EXPECT_EQ(take(queue), "second");

    queue.set_needed_by(*second, now + 10s);
    queue.put_back(second, 1s);
    EXPECT_EQ(take(queue), "first");
}

TEST(VoiceQueue, refuses_more_than_it_may_hold_but_not_what_comes_back) {
    VoiceQueue queue(2);
    const auto one = std::make_shared<NamedJob>("one");
    ASSERT_TRUE(queue.add(one, now));
    const auto taken = queue.take();
    ASSERT_TRUE(queue.add(std::make_shared<NamedJob>("two"), now));
    const auto three = std::make_shared<NamedJob>("three");
    ASSERT_TRUE(queue.add(three, now));
    EXPECT_FALSE(queue.add(std::make_shared<NamedJob>("four"), now));
    EXPECT_TRUE(queue.put_back(taken, 0s));
    queue.remove(*one);
    queue.remove(*three);
    EXPECT_TRUE(queue.add(std::make_shared<NamedJob>("five"), now + 1s));
    EXPECT_EQ(take(queue), "two");
    EXPECT_EQ(take(queue), "five");
}

TEST(VoiceQueue, stop_wakes_the_waiting_threads_and_returns_what_is_left) {
    VoiceQueue queue(10);
    std::optional<bool> got_job;
    std::thread waiting([&] { got_job = queue.take() != nullptr; });
    EXPECT_TRUE(queue.stop().empty());
    waiting.join();
    EXPECT_EQ(got_job, false);
    EXPECT_FALSE(queue.add(std::make_shared<NamedJob>("late"), now));
    EXPECT_FALSE(queue.put_back(std::make_shared<NamedJob>("late"), 0s));

    VoiceQueue full(10);
    full.add(std::make_shared<NamedJob>("left"), now);
    EXPECT_EQ(full.stop().size(), 1u);
    EXPECT_EQ(full.take(), nullptr);
}

}  // namespace
