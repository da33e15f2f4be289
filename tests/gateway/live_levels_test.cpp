#include "gateway/live_levels.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace {

using gateway::LiveLevels;

// What is told, by call.
std::map<std::string, int> told(LiveLevels& levels, const std::vector<LiveLevels::ByCall>& loops) {
    const std::string text = levels.news(loops);
    std::map<std::string, int> by_call;
    if (text.empty()) return by_call;
    const auto page = boost::json::parse(text);
    for (const auto& [call_sid, level] : page.at("rms_dbfs").as_object())
        by_call.emplace(call_sid, static_cast<int>(level.as_int64()));
    return by_call;
}

TEST(LiveLevels, tells_what_has_changed_and_nothing_else) {
    LiveLevels levels({});
    using Told = std::map<std::string, int>;
    EXPECT_EQ(told(levels, {{{"CA1", -21}}, {{"CA2", -60}}}), (Told{{"CA1", -21}, {"CA2", -60}}));
    EXPECT_EQ(told(levels, {{{"CA1", -21}}, {{"CA2", -60}}}), Told{});
    EXPECT_EQ(told(levels, {{{"CA1", -21}}, {{"CA2", -30}}}), (Told{{"CA2", -30}}));
}

TEST(LiveLevels, a_call_that_has_ended_is_forgotten) {
    LiveLevels levels({});
    EXPECT_EQ(told(levels, {{{"CA1", -21}}}).size(), 1u);
    EXPECT_EQ(told(levels, {{}}).size(), 0u);
    EXPECT_EQ(told(levels, {{{"CA1", -21}}}).size(), 1u) << "the same call with a new stream";
}

TEST(LiveLevels, all_is_told_again_to_somebody_new) {
    LiveLevels levels({});
    told(levels, {{{"CA1", -21}}});
    levels.forget();
    EXPECT_EQ(told(levels, {{{"CA1", -21}}}).size(), 1u);
}

TEST(LiveLevels, of_many_changes_some_wait) {
    LiveLevels levels({.told_max = 2});
    const std::vector<LiveLevels::ByCall> loops{{{"CA1", -21}, {"CA2", -21}, {"CA3", -21}}};
    EXPECT_EQ(told(levels, loops).size(), 2u);
    EXPECT_EQ(told(levels, loops).size(), 1u);
    EXPECT_EQ(told(levels, loops).size(), 0u);
}

}  // namespace
