#include "gateway/shared_plan.hpp"

#include "tests/gateway/log_recorder.hpp"
#include "tests/gateway/redis_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace {

using gateway::SharedPlan;
using speech::PlanShare;
using speech::RequestSlots;
using std::chrono::milliseconds;

// An instance's part in it, with requests that the test begins and ends.
struct PlanUser {
    PlanUser(net::EventLoop& its_loop, std::uint16_t port, const std::string& name, std::size_t plan,
             PlanShare::Options options)
        : loop(its_loop),
          store(loop, test::redis_at(port), record),
          slots({.requests_max = plan}),
          share(loop, store, slots, {"mouthpiece:plan:test", name}, options) {}

    void begin(std::size_t count) {
        for (; count > 0; --count) {
            if (!slots.take(loop.now())) slots.wait(loop.now(), admit);
        }
    }
    void end(std::size_t count) {
        for (; count > 0; --count) slots.give_back(loop.now());
    }
    RequestSlots::Figures figures() const { return slots.figures(loop.now()); }
    std::size_t in_flight() const { return figures().in_flight; }

    net::EventLoop& loop;
    const RequestSlots::Admit admit = [](RequestSlots::Place) {};
    gateway::StoreRecord record{1};
    gateway::SharedStore store;
    RequestSlots slots;
    SharedPlan share;
};

class SharedPlanTest : public test::RedisFixture {
protected:
    // Leases that no slow machine outlives, but where a test is about them.
    static PlanShare::Options patient() {
        PlanShare::Options options;
        options.lease = milliseconds(600'000);
        options.renew = milliseconds(20);
        options.hurry = milliseconds(2);
        return options;
    }
    void start(std::size_t instances, PlanShare::Options options = patient()) {
        for (std::size_t i = 0; i < instances; ++i)
            users.push_back(
                std::make_unique<PlanUser>(loop, redis.port(), std::string(1, static_cast<char>('a' + i)), 5, options));
        ASSERT_TRUE(becomes_true([&] { return know_each_other(); }));
    }
    bool know_each_other() const {
        return std::ranges::all_of(users, [&](const auto& user) {
            return user->share.figures().instances == users.size() && user->share.figures().granted > 0;
        });
    }
    std::size_t in_flight() const {
        std::size_t sum = 0;
        for (const auto& user : users) sum += user->in_flight();
        most = std::max(most, sum);
        return sum;
    }
    bool becomes_true(auto condition) {
        return test::RedisFixture::becomes_true([&] {
            in_flight();
            return condition();
        });
    }

    std::vector<std::unique_ptr<PlanUser>> users;
    mutable std::size_t most = 0;
};

TEST_F(SharedPlanTest, one_alone_has_the_whole_plan_in_flight) {
    start(1);
    users[0]->begin(9);
    EXPECT_TRUE(becomes_true([&] { return users[0]->in_flight() == 5; }));
    EXPECT_EQ(most, 5u);
}

TEST_F(SharedPlanTest, several_use_the_whole_plan_and_never_more) {
    start(3);
    users[0]->begin(200);
    ASSERT_TRUE(becomes_true([&] { return in_flight() == 3; })) << "the others keep one each";
    users[1]->begin(200);
    users[2]->begin(200);
    std::mt19937 random(5);
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(becomes_true([&] { return in_flight() == 5; })) << "nothing lies idle";
        PlanUser& one = *users[random() % users.size()];
        one.end(std::min<std::size_t>(one.in_flight(), 1 + random() % 2));
    }
    for (const auto& user : users) EXPECT_LT(user->figures().waiting, 190u) << "everybody has had some";
    EXPECT_EQ(most, 5u);
}

TEST_F(SharedPlanTest, who_has_to_wait_asks_at_once) {
    auto options = patient();
    options.renew = milliseconds(600'000);
    start(1, options);
    EXPECT_EQ(users[0]->figures().limit, 1u);
    users[0]->begin(5);
    EXPECT_EQ(users[0]->in_flight(), 1u);
    EXPECT_TRUE(becomes_true([&] { return users[0]->in_flight() == 5; }));
}

TEST_F(SharedPlanTest, without_redis_each_has_an_equal_part_and_with_it_grants_again) {
    auto options = patient();
    options.lease = milliseconds(300);
    options.settle = milliseconds(50);
    start(2, options);
    users[0]->begin(9);
    ASSERT_TRUE(becomes_true([&] { return users[0]->in_flight() == 4; }));
    test::LogRecorder log;
    redis.kill();
    ASSERT_TRUE(becomes_true([&] { return users[0]->figures().limit == 2 && users[1]->figures().limit == 2; }));
    users[1]->begin(9);
    EXPECT_EQ(users[1]->in_flight(), 2u);
    EXPECT_EQ(users[0]->share.figures().lost, 1u);
    EXPECT_NE(log.text().find("ElevenLabs' plan is divided instances=2 requests=2"), std::string::npos) << log.text();
    redis.start();
    EXPECT_TRUE(becomes_true([&] { return know_each_other(); })) << log.text();
    EXPECT_NE(log.text().find("ElevenLabs' plan is shared"), std::string::npos) << log.text();
}

}  // namespace
