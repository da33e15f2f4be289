#include "gateway/rate_limit.hpp"

#include "gateway/address_limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::AddressLimits;
using gateway::RateLimit;

const net::Instant start{1'000h};

TEST(RateLimit, allows_a_burst_and_then_so_many_a_second) {
    RateLimit limit({.per_second = 2, .burst = 3});
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", start));
    EXPECT_EQ(limit.take("a", start), 500ms);
    EXPECT_EQ(limit.take("a", start + 400ms), 100ms);
    EXPECT_FALSE(limit.take("a", start + 500ms));
    EXPECT_TRUE(limit.take("a", start + 500ms)) << "being turned down costs nothing, being let in does";
    EXPECT_FALSE(limit.take("a", start + 1000ms));
}

TEST(RateLimit, never_saves_up_more_than_the_burst) {
    RateLimit limit({.per_second = 2, .burst = 2});
    EXPECT_FALSE(limit.take("a", start));
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(limit.take("a", start + 1h));
    EXPECT_TRUE(limit.take("a", start + 1h));
}

TEST(RateLimit, each_name_has_its_own) {
    RateLimit limit({.per_second = 1, .burst = 1});
    EXPECT_FALSE(limit.take("a", start));
    EXPECT_FALSE(limit.take("b", start));
    EXPECT_TRUE(limit.take("a", start));
}

TEST(RateLimit, of_none_a_second_limits_nobody) {
    RateLimit limit({.per_second = 0, .burst = 0});
    for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(limit.take("a", start));
    EXPECT_EQ(limit.names(), 0u);
}

TEST(RateLimit, keeps_a_bounded_number_of_names_those_seen_last) {
    RateLimit limit({.per_second = 1, .burst = 1, .names_max = 100});
    EXPECT_FALSE(limit.take("busy", start));
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_FALSE(limit.take(std::to_string(i), start));
        EXPECT_TRUE(limit.take("busy", start)) << "whoever goes on asking is not forgotten";
    }
    EXPECT_EQ(limit.names(), 100u);
}

TEST(RateLimit, bears_a_clock_that_another_loop_has_looked_at_later) {
    RateLimit limit({.per_second = 1, .burst = 1});
    EXPECT_FALSE(limit.take("a", start + 1ms));
    EXPECT_TRUE(limit.take("a", start));
}

class AddressLimitsTest : public testing::Test {
protected:
    static std::optional<net::IpAddress> from(std::string_view text) { return net::IpAddress::parse(text); }
    AddressLimits limits{{.requests_per_second = 1, .refusals_per_second = 0.1},
                         net::parse_ip_ranges("127.0.0.0/8").value()};
};

TEST_F(AddressLimitsTest, tells_when_to_come_again) {
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits.request(from("192.0.2.1"), start));
    const auto answer = limits.request(from("192.0.2.1"), start);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 429);
    EXPECT_EQ(answer->headers.at(0), (std::pair<std::string, std::string>("Retry-After", "1")));
    EXPECT_FALSE(limits.refusal(from("192.0.2.1"), start)) << "counted apart";
    EXPECT_EQ(limits.refusal(from("192.0.2.1"), start)->headers.at(0).second, "10");
}

TEST_F(AddressLimitsTest, leaves_some_addresses_alone) {
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.request(from("127.0.0.1"), start));
}

TEST_F(AddressLimitsTest, counts_an_ipv6_network_as_one) {
    EXPECT_FALSE(limits.refusal(from("2001:db8::1"), start));
    EXPECT_TRUE(limits.refusal(from("2001:db8::2"), start));
    EXPECT_FALSE(limits.refusal(from("2001:db8:0:1::2"), start));
}

}  // namespace
