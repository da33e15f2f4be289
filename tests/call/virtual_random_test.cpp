#include "virtual_call.hpp"

#include <gtest/gtest.h>

#include <span>

namespace virtual_call {
namespace {

using namespace std::chrono_literals;
using call::Outcome;

std::size_t common_prefix(std::span<const std::byte> one, std::span<const std::byte> other) {
    const auto size = std::min(one.size(), other.size());
    if (std::equal(one.data(), one.data() + size, other.data()))
        return size;  // as fast as memcmp, in a debug build too
    return static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
}

class RandomCall {
public:
    explicit RandomCall(std::uint32_t seed) : random_(seed + 1), options_(random_options(seed)), call_(options_) {}

    void run() {
        for (const auto* text : {"0", "1", "2"}) call_.script(text, random_script());
        call_.start();
        call_.run_for(milliseconds{pick(0, 300)});
        if (call_.say("1")) said_.emplace_back("1");
        call_.run_for(milliseconds{pick(0, 3000)});
        if (const auto chance = pick(0, 3); chance == 0) {
            call_.clear();
            cleared_ = true;
        } else if (chance == 1 && call_.say("2", true)) {
            said_.emplace_back("2");
            cleared_ = true;
        }
        call_.run_for(milliseconds{pick(0, 3000)});
        hung_up_ = pick(0, 2) == 0;
        if (hung_up_) call_.stop();
        call_.run_for(60s);
        call_.stop();
        call_.run_for(1s);
    }

    // The audio heard is the start of each text said, in order; all of each when nothing was cut off.
    void expect_heard_what_was_said() {
        const auto heard = call_.heard();
        auto rest = std::span(heard);
        for (const auto& text : said_) {
            const auto voice = call_.voice(text);
            const auto length = common_prefix(voice, rest);
            if (!cleared_ && !hung_up_) {
                EXPECT_EQ(length, voice.size()) << text;
            }
            rest = rest.subspan(length);
        }
        EXPECT_TRUE(rest.empty());
    }

    void expect_bounds_kept() {
        for (const auto bytes : call_.media_bytes) EXPECT_EQ(bytes % audio::frame_bytes, 0U);
        // What the pipe holds is ahead of the ear as well; a late first message makes the ear late against the plan.
        const auto lead = options_.session.playout.lead + options_.delay + options_.jitter;
        EXPECT_LE(call_.ear.buffered_max(), audio::bytes_in(lead) + audio::frame_bytes);
    }

    // Whatever happened, each utterance comes to one end, and no more of it was heard than left.
    void expect_each_utterance_ended_once() {
        const auto records = call_.session().utterances();
        EXPECT_EQ(records.size(), said_.size());
        microseconds heard{};
        for (const auto& record : records) {
            EXPECT_TRUE(record.ended_at);
            EXPECT_LE(record.heard, record.sent);
            heard += record.heard;
            const auto prefix = std::to_string(record.id) + " ";
            EXPECT_EQ(std::ranges::count_if(call_.reports,
                                            [&](const std::string& report) {
                                                return report.starts_with(prefix) && !report.ends_with("speaking");
                                            }),
                      1);
        }
        EXPECT_EQ(heard, call_.session().totals().heard);
    }

    void expect_one_ending() {
        EXPECT_EQ(std::ranges::count(call_.actions, "close"), 1);
        ASSERT_TRUE(call_.closed);
        if (!hung_up_) {
            EXPECT_EQ(call_.closed->outcome, Outcome::completed);
        }
        const auto totals = call_.session().totals();
        EXPECT_LE(totals.heard, totals.sent);
        if (!hung_up_ && !cleared_) {
            EXPECT_EQ(totals.heard, totals.sent);
        }
    }

private:
    int pick(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }

    VirtualCall::Options random_options(std::uint32_t seed) {
        VirtualCall::Options options{.text = "0", .seed = seed + 1};
        options.session.playout.lead = milliseconds{pick(40, 3000)};
        options.session.playout.message = milliseconds{pick(20, 600)};
        options.session.mark_interval = milliseconds{pick(20, 2000)};
        options.delay = milliseconds{pick(0, 100)};
        options.jitter = milliseconds{pick(0, 50)};
        options.timer_late_max = milliseconds{pick(0, 40)};
        return options;
    }

    Script random_script() {
        Script script;
        int after = pick(0, 400);
        for (int chunks = pick(1, 8); chunks > 0; --chunks, after += pick(0, 500))
            script.chunks.push_back({milliseconds{after}, static_cast<std::size_t>(pick(1, 3000))});
        script.end_after = milliseconds{after};
        return script;
    }

    std::minstd_rand random_;
    VirtualCall::Options options_;
    VirtualCall call_;
    std::vector<std::string> said_{"0"};
    bool cleared_ = false;
    bool hung_up_ = false;
};

TEST(VirtualCall, keeps_its_word_for_any_timing) {
    for (std::uint32_t seed = 0; seed < 10'000; ++seed) {
        SCOPED_TRACE(seed);
        RandomCall call(seed);
        call.run();
        call.expect_heard_what_was_said();
        call.expect_bounds_kept();
        call.expect_one_ending();
        call.expect_each_utterance_ended_once();
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace virtual_call
