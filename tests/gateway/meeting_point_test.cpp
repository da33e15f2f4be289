#include "gateway/meeting_point.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

// Says three clips that name the loop's thread, one a post, and counts what is under way. Lives on one loop.
class ThreadNamingSource final : public speech::SpeechSource {
public:
    explicit ThreadNamingSource(net::EventLoop& loop) : loop_(loop) {}

    std::unique_ptr<speech::Utterance> say(const speech::Request& request, speech::Listener& listener) override {
        EXPECT_EQ(request.observer, nullptr);
        ++asked;
        said_on = std::this_thread::get_id();
        auto utterance = std::make_unique<Saying>(*this, listener);
        if (!never_ends)
            loop_.post([alive = std::weak_ptr(utterance->alive), saying = utterance.get()] {
                if (!alive.expired()) saying->speak();
            });
        return utterance;
    }

    std::atomic<int> asked = 0, under_way = 0;
    std::atomic<std::thread::id> said_on;
    std::atomic<bool> never_ends = false;

private:
    struct Saying final : speech::Utterance {
        Saying(ThreadNamingSource& from, speech::Listener& to) : source(from), listener(to) { ++source.under_way; }
        ~Saying() override { --source.under_way; }
        void speak() {
            const std::weak_ptr<int> still(alive);
            for (int i = 0; i < 3 && !still.expired(); ++i)
                listener.on_audio(audio::Clip(std::vector<std::byte>(160, std::byte(i))));
            if (!still.expired()) listener.on_finished();
        }
        ThreadNamingSource& source;
        speech::Listener& listener;
        std::shared_ptr<int> alive = std::make_shared<int>();
    };
    net::EventLoop& loop_;
};

struct Hearer final : speech::Listener {
    void on_audio(audio::Clip clip) override {
        heard.push_back(std::to_integer<int>(clip.bytes()[0]));
        heard_on = std::this_thread::get_id();
    }
    void on_finished() override { finished.set_value(); }
    void on_failed(speech::Failure) override { ADD_FAILURE(); }
    std::vector<int> heard;
    std::thread::id heard_on;
    std::promise<void> finished;
};

class MeetingPointTest : public testing::Test {
protected:
    MeetingPointTest() {
        for (std::size_t i = 0; i < 2; ++i) {
            loops.push_back(std::make_unique<net::EventLoop>());
            sources.push_back(std::make_unique<ThreadNamingSource>(*loops[i]));
        }
        for (std::size_t i = 0; i < 2; ++i) {
            points.push_back(std::make_unique<gateway::MeetingPoint>(i, "p", memory, *sources[i], [this] {
                return std::vector<gateway::MeetingPoint::Place>{{loops[0].get(), sources[0].get()},
                                                                 {loops[1].get(), sources[1].get()}};
            }));
            threads.emplace_back([&loop = *loops[i]] { loop.run(); });
        }
    }
    ~MeetingPointTest() override {
        for (auto& loop : loops) loop->stop();
        threads.clear();
        for (auto& loop : loops) loop->settle();
    }
    // Runs on the loop and waits for it.
    void on_loop(std::size_t index, std::function<void()> work) {
        std::promise<void> done;
        loops[index]->post([&] {
            work();
            done.set_value();
        });
        ASSERT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
    }
    static speech::Request saying(const std::string& text) {
        speech::Request request;
        request.text = Secret(text);
        return request;
    }

    speech::ClipMemory memory{{}};
    std::vector<std::unique_ptr<net::EventLoop>> loops;
    std::vector<std::unique_ptr<ThreadNamingSource>> sources;
    std::vector<std::unique_ptr<gateway::MeetingPoint>> points;
    std::vector<std::jthread> threads;
};

TEST_F(MeetingPointTest, one_text_is_asked_on_one_loop_and_heard_on_each_callers_own) {
    Hearer hearers[2];
    std::unique_ptr<speech::Utterance> utterances[2];
    std::thread::id callers[2];
    for (std::size_t i = 0; i < 2; ++i) {
        on_loop(i, [&] {
            callers[i] = std::this_thread::get_id();
            utterances[i] = points[i]->say(saying("Hello."), hearers[i]);
        });
    }
    for (std::size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(hearers[i].finished.get_future().wait_for(10s), std::future_status::ready);
        EXPECT_EQ(hearers[i].heard, (std::vector<int>{0, 1, 2}));
        EXPECT_EQ(hearers[i].heard_on, callers[i]);
        on_loop(i, [&] { utterances[i].reset(); });
    }
    EXPECT_TRUE((sources[0]->asked == 2 && sources[1]->asked == 0) ||
                (sources[0]->asked == 0 && sources[1]->asked == 2));
}

TEST_F(MeetingPointTest, many_texts_are_spread_over_the_loops) {
    std::vector<std::unique_ptr<Hearer>> hearers;
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    on_loop(0, [&] {
        for (int i = 0; i < 64; ++i) {
            hearers.push_back(std::make_unique<Hearer>());
            utterances.push_back(points[0]->say(saying(std::to_string(i)), *hearers.back()));
        }
    });
    for (auto& hearer : hearers) ASSERT_EQ(hearer->finished.get_future().wait_for(10s), std::future_status::ready);
    on_loop(0, [&] { utterances.clear(); });
    EXPECT_GT(sources[0]->asked, 8);
    EXPECT_GT(sources[1]->asked, 8);
}

TEST_F(MeetingPointTest, what_is_in_memory_is_played_at_home) {
    for (int i = 0; i < 16; ++i) {
        const speech::ClipKey key{.provider = "p", .text = Secret(std::to_string(i)), .voice = {}};
        memory.put(key, audio::Clip(std::vector<std::byte>(160)));
    }
    std::vector<std::unique_ptr<Hearer>> hearers;
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    on_loop(0, [&] {
        for (int i = 0; i < 16; ++i) {
            hearers.push_back(std::make_unique<Hearer>());
            utterances.push_back(points[0]->say(saying(std::to_string(i)), *hearers.back()));
        }
    });
    for (auto& hearer : hearers) ASSERT_EQ(hearer->finished.get_future().wait_for(10s), std::future_status::ready);
    on_loop(0, [&] { utterances.clear(); });
    EXPECT_EQ(sources[0]->asked, 16);
    EXPECT_EQ(sources[1]->asked, 0);
}

TEST_F(MeetingPointTest, letting_go_cancels_on_the_other_loop_too) {
    sources[0]->never_ends = sources[1]->never_ends = true;
    Hearer hearer;
    std::vector<std::unique_ptr<speech::Utterance>> utterances;
    on_loop(0, [&] {
        for (int i = 0; i < 16; ++i) utterances.push_back(points[0]->say(saying(std::to_string(i)), hearer));
    });
    on_loop(1, [] {});  // the requests that went there have been made
    EXPECT_EQ(sources[0]->under_way + sources[1]->under_way, 16);
    on_loop(0, [&] { utterances.clear(); });
    on_loop(1, [] {});
    EXPECT_EQ(sources[0]->under_way + sources[1]->under_way, 0);
    EXPECT_TRUE(hearer.heard.empty());
}

}  // namespace
