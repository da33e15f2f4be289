#include "net/public_address.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace {

bool is_public(const char* text) {
    return net::is_public(net::IpAddress::parse(text).value());
}

TEST(PublicAddress, somebody_elses_is_public) {
    for (const char* text : {"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1",
                             "192.167.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::5"}) {
        EXPECT_TRUE(is_public(text)) << text;
    }
}

TEST(PublicAddress, this_machine_and_its_network_are_not) {
    for (const char* text :
         {"127.0.0.1",      "127.255.0.3",     "0.0.0.0",         "0.1.2.3",         "10.0.0.1",    "172.16.0.1",
          "172.31.255.255", "192.168.1.1",     "169.254.169.254", "100.64.0.1",      "198.18.0.1",  "192.0.2.7",
          "203.0.113.7",    "224.0.0.1",       "240.0.0.1",       "255.255.255.255", "::",          "::1",
          "fe80::1",        "fc00::1",         "fd12::1",         "ff02::1",         "2001:db8::1", "2002:7f00:1::",
          "2001:0:1::",     "64:ff9b::7f00:1", "::7f00:1"}) {
        EXPECT_FALSE(is_public(text)) << text;
    }
}

TEST(PublicAddress, an_ipv4_address_in_ipv6_form_is_judged_as_itself) {
    EXPECT_FALSE(is_public("::ffff:127.0.0.1"));
    EXPECT_FALSE(is_public("::ffff:10.0.0.1"));
    EXPECT_TRUE(is_public("::ffff:8.8.8.8"));
}

TEST(PublicAddress, reads_what_a_socket_connects_to) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
    EXPECT_TRUE(net::is_public(reinterpret_cast<const sockaddr&>(v4)));
    ::inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
    EXPECT_FALSE(net::is_public(reinterpret_cast<const sockaddr&>(v4)));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6.sin6_addr);
    EXPECT_FALSE(net::is_public(reinterpret_cast<const sockaddr&>(v6)));
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_FALSE(net::is_public(reinterpret_cast<const sockaddr&>(local)));
}

}  // namespace
