#include "gateway/cache_pages.hpp"

#include "tests/gateway/clip_fixture.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace {

namespace json = boost::json;

class CachePagesTest : public testing::Test {
protected:
    gateway::Options options(bool with_disk) const {
        gateway::Options options;
        options.threads = 1;
        options.voice_threads = 1;
        if (with_disk) options.cache_directory = (temporary / "clips").string();
        return options;
    }
    static json::value figures(const gateway::Switchboard& all) {
        return json::parse(gateway::cache_figures(all).body);
    }

    test::TemporaryDirectory temporary;
};

TEST_F(CachePagesTest, tell_what_is_kept_and_how_often_it_was_found) {
    gateway::Switchboard all(options(false));
    all.memory.put(test::clip_key("Hello."), test::test_clip(500));
    EXPECT_TRUE(all.memory.find(test::clip_key("Hello.")));
    EXPECT_FALSE(all.memory.find(test::clip_key("Good bye.")));
    const auto told = figures(all);
    EXPECT_EQ(told.at("memory").at("hits"), 1);
    EXPECT_EQ(told.at("memory").at("misses"), 1);
    EXPECT_EQ(told.at("memory").at("clips"), 1);
    EXPECT_TRUE(told.at("disk").is_null());
}

TEST_F(CachePagesTest, forget_everything_and_say_what_there_was) {
    gateway::Switchboard all(options(true));
    gateway::ClipFilesDoor door(all.loops.front()->events, *all.clip_files);
    all.memory.put(test::clip_key("Hello."), test::test_clip(500));
    door.put(test::clip_key("Hello."), test::test_clip(500));
    all.clip_files->settle();
    const auto before = json::parse(gateway::purge_cache(all).body);
    EXPECT_EQ(before.at("memory").at("clips"), 1);
    EXPECT_EQ(before.at("disk").at("clips"), 1);
    all.clip_files->settle();
    const auto after = figures(all);
    EXPECT_EQ(after.at("memory").at("clips"), 0);
    EXPECT_EQ(after.at("memory").at("bytes"), 0);
    EXPECT_EQ(after.at("disk").at("clips"), 0);
    EXPECT_FALSE(all.memory.has(test::clip_key("Hello.")));
}

}  // namespace
