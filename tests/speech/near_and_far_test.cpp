#include "speech/near_and_far.hpp"

#include "speech/scripted_source.hpp"

#include <map>
#include <optional>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;

class TimedStore final : public ClipStore {
public:
    explicit TimedStore(Timers& timers) : timers_(timers) {}
    std::unique_ptr<Lookup> find(const ClipKey& key, Found found) override {
        ++lookups;
        std::optional<audio::Clip> clip;
        if (const auto at = clips.find(key.text.reveal()); at != clips.end()) clip = at->second;
        return std::make_unique<Waiting>(timers_.after(5ms, [clip, found] { found(clip); }));
    }
    void put(const ClipKey& key, audio::Clip clip) override { clips[key.text.reveal()] = std::move(clip); }
    void forgo(const ClipKey&) override { ++forgone; }
    void purge() override { clips.clear(); }
    std::map<std::string, audio::Clip> clips;
    int lookups = 0, forgone = 0;

private:
    struct Waiting final : Lookup {
        explicit Waiting(std::unique_ptr<Timers::Timer> its_timer) : timer(std::move(its_timer)) {}
        std::unique_ptr<Timers::Timer> timer;
    };
    Timers& timers_;
};

class NearAndFarTest : public ::testing::Test {
protected:
    // The size of what is found; nullopt: nothing is.
    std::optional<std::size_t> find() {
        std::optional<std::optional<audio::Clip>> answer;
        const auto lookup = both.find(key, [&](std::optional<audio::Clip> clip) { answer = std::move(clip); });
        EXPECT_FALSE(answer);
        timers.run();
        EXPECT_TRUE(answer) << "answered";
        return answer && *answer ? std::optional((*answer)->size()) : std::nullopt;
    }
    static audio::Clip clip(std::size_t size) { return audio::Clip(std::vector<std::byte>(size)); }

    const ClipKey key{.provider = "p", .text = Secret("Hello.")};
    ManualTimers timers;
    TimedStore near{timers}, far{timers};
    NearAndFarStore both{near, far};
};

TEST_F(NearAndFarTest, the_far_one_is_asked_only_for_what_the_near_one_lacks) {
    near.put(key, clip(3));
    EXPECT_EQ(find(), 3u);
    EXPECT_EQ(far.lookups, 0);
}

TEST_F(NearAndFarTest, what_only_the_far_one_has_is_near_from_then_on) {
    far.put(key, clip(5));
    EXPECT_EQ(find(), 5u);
    EXPECT_EQ(find(), 5u);
    EXPECT_EQ(far.lookups, 1);
}

TEST_F(NearAndFarTest, what_neither_has_is_not_found) {
    EXPECT_EQ(find(), std::nullopt);
    EXPECT_TRUE(near.clips.empty());
}

TEST_F(NearAndFarTest, both_hear_of_what_is_made_forgone_and_purged) {
    both.put(key, clip(4));
    EXPECT_EQ(near.clips.size() + far.clips.size(), 2u);
    both.forgo(key);
    EXPECT_EQ(near.forgone + far.forgone, 2);
    both.purge();
    EXPECT_EQ(near.clips.size() + far.clips.size(), 0u);
}

TEST_F(NearAndFarTest, a_lookup_may_be_given_up_at_both) {
    for (const auto after : {0ms, 7ms}) {
        auto lookup = both.find(key, [](const std::optional<audio::Clip>&) { FAIL() << "answered"; });
        timers.advance(after);
        lookup.reset();
        timers.run();
    }
}

}  // namespace
