#include "net/ip_address.hpp"

#include <gtest/gtest.h>

namespace {

using net::IpAddress;

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

TEST(IpAddress, reads_both_families_and_nothing_else) {
    EXPECT_EQ(address("192.0.2.1").text(), "192.0.2.1");
    EXPECT_EQ(address("2001:DB8:0::1").text(), "2001:db8::1");
    for (const char* wrong : {"", "192.0.2", "192.0.2.256", "192.0.2.1:80", "0x7f.1", "2130706433", "[::1]",
                              "fe80::1%eth0", "localhost", " 192.0.2.1", "::1 "}) {
        EXPECT_FALSE(IpAddress::parse(wrong)) << wrong;
    }
}

TEST(IpAddress, reads_the_address_of_an_endpoint) {
    EXPECT_EQ(IpAddress::of_endpoint("192.0.2.1:4711"), address("192.0.2.1"));
    EXPECT_EQ(IpAddress::of_endpoint("192.0.2.1"), address("192.0.2.1"));
    EXPECT_EQ(IpAddress::of_endpoint("[2001:db8::1]:4711"), address("2001:db8::1"));
    EXPECT_EQ(IpAddress::of_endpoint("[2001:db8::1]"), address("2001:db8::1"));
    EXPECT_EQ(IpAddress::of_endpoint("2001:db8::1"), address("2001:db8::1"));
    for (const char* wrong : {"", ":80", "[::1", "[]:80", "localhost:80"}) EXPECT_FALSE(IpAddress::of_endpoint(wrong));
}

TEST(IpAddress, an_ipv4_address_in_ipv6_form_is_the_same) {
    EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    EXPECT_TRUE(address("::ffff:192.0.2.1").is_v4());
    EXPECT_FALSE(address("2001:db8::1").is_v4());
}

TEST(IpAddress, knows_loopback) {
    for (const char* local : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(address(local).is_loopback()) << local;
    for (const char* remote : {"0.0.0.0", "::", "128.0.0.1", "10.0.0.1", "::2", "1::1", "::ffff:10.0.0.1"})
        EXPECT_FALSE(address(remote).is_loopback()) << remote;
}

TEST(IpAddress, knows_its_network) {
    EXPECT_TRUE(address("10.1.2.3").is_in(address("10.0.0.0"), 8));
    EXPECT_FALSE(address("11.1.2.3").is_in(address("10.0.0.0"), 8));
    EXPECT_TRUE(address("192.0.2.129").is_in(address("192.0.2.128"), 25));
    EXPECT_FALSE(address("192.0.2.127").is_in(address("192.0.2.128"), 25));
    EXPECT_TRUE(address("1.2.3.4").is_in(address("0.0.0.0"), 0));
    EXPECT_FALSE(address("::1").is_in(address("0.0.0.0"), 0));
    EXPECT_TRUE(address("2001:db8:0:1:2:3:4:5").is_in(address("2001:db8:0:1::"), 64));
    EXPECT_FALSE(address("2001:db8:0:2::").is_in(address("2001:db8:0:1::"), 64));
    EXPECT_TRUE(address("::1").is_in(address("::1"), 128));
    EXPECT_FALSE(address("::2").is_in(address("::1"), 128));
    EXPECT_EQ(address("2001:db8:1:2:3::9").network(64).text(), "2001:db8:1:2::");
    EXPECT_EQ(address("192.0.2.77").network(24).text(), "192.0.2.0");
}

}  // namespace
