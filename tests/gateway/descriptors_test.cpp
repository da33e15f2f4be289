#include "gateway/descriptors.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

gateway::Options fitted(std::size_t descriptors, std::size_t calls, std::size_t sockets = 0) {
    gateway::Options options;
    options.calls_max = calls;
    options.sockets.sockets_max = sockets;
    return gateway::fitted_to_descriptors(options, descriptors);
}

TEST(Descriptors, of_many_some_are_kept_back) {
    const auto options = fitted(20'000, 10'000);
    EXPECT_EQ(options.sockets.sockets_max, 20'000u - 1'024u);
    EXPECT_EQ(options.calls_max, 10'000u);
}

TEST(Descriptors, of_few_a_quarter_is_kept_back_and_calls_are_fewer) {
    const auto options = fitted(1'024, 10'000);
    EXPECT_EQ(options.sockets.sockets_max, 768u);
    EXPECT_EQ(options.calls_max, 576u);
}

TEST(Descriptors, what_the_operator_says_counts_where_it_is_less) {
    EXPECT_EQ(fitted(20'000, 10'000, 5'000).sockets.sockets_max, 5'000u);
    EXPECT_EQ(fitted(20'000, 10'000, 5'000).calls_max, 5'000u - 1'024u);
    EXPECT_EQ(fitted(20'000, 10, 50'000).sockets.sockets_max, 20'000u - 1'024u);
    EXPECT_EQ(fitted(20'000, 10, 50'000).calls_max, 10u);
}

TEST(Descriptors, where_calls_may_be_recorded_each_has_one_more) {
    const auto recorded = [](std::size_t descriptors, std::size_t calls, std::size_t sockets = 0) {
        gateway::Options options;
        options.calls_max = calls;
        options.sockets.sockets_max = sockets;
        options.recordings_directory = "recordings";
        return gateway::fitted_to_descriptors(options, descriptors);
    };
    EXPECT_EQ(recorded(100'000, 10'000).calls_max, 10'000u);
    EXPECT_EQ(recorded(100'000, 10'000).sockets.sockets_max, 100'000u - 1'024u - 10'000u);
    EXPECT_EQ(recorded(20'000, 10'000, 5'000).calls_max, 5'000u - 1'024u) << "fewer connections than that";
    for (const std::size_t descriptors : {64u, 1'024u, 4'096u, 6'000u, 20'000u}) {
        const auto options = recorded(descriptors, 10'000);
        const std::size_t reserve = std::min<std::size_t>(descriptors / 4, 1'024);
        EXPECT_EQ(options.sockets.sockets_max + options.calls_max, descriptors - reserve) << descriptors;
        EXPECT_GT(options.sockets.sockets_max, options.calls_max) << "some are not in a call yet";
        EXPECT_GT(options.calls_max, descriptors / 4) << descriptors;
    }
}

}  // namespace
