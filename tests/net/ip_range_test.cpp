#include "net/ip_range.hpp"

#include <gtest/gtest.h>

namespace {

using net::IpAddress;
using net::IpRange;

bool holds(const char* range, const char* address) {
    return IpRange::parse(range).value().contains(IpAddress::parse(address).value());
}

TEST(IpRange, holds_what_its_prefix_says) {
    EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.129"));
    EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
    EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
    EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.7"));
    EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
    EXPECT_TRUE(holds("::/0", "2001:db8::1"));
}

TEST(IpRange, of_one_address_holds_that_one_alone) {
    EXPECT_TRUE(holds("127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(holds("127.0.0.1", "127.0.0.2"));
    EXPECT_TRUE(holds("::1", "::1"));
    EXPECT_FALSE(holds("::1", "127.0.0.1"));
}

TEST(IpRange, knows_ipv4_in_its_ipv6_form) {
    EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
}

TEST(IpRange, refuses_slips_of_the_pen) {
    for (const char* wrong : {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0/8",
                              "2001:db8::/129", "2001:db8::1/32", "proxy.example.org", "127.0.0.1:80", "[::1]", "*"}) {
        EXPECT_FALSE(IpRange::parse(wrong)) << wrong;
    }
}

TEST(IpRange, lists_are_separated_by_commas_or_spaces) {
    const auto two = net::parse_ip_ranges(" 10.0.0.0/8,::1 , ");
    ASSERT_TRUE(two);
    EXPECT_EQ(two->size(), 2u);
    EXPECT_TRUE(net::parse_ip_ranges("")->empty());
    EXPECT_EQ(net::parse_ip_ranges("10.0.0.0/8, nginx").error(), "nginx");
}

}  // namespace
