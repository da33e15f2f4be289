#include "net/socket_census.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace {

using net::SocketCensus;

net::IpAddress address(std::string_view text) {
    return net::IpAddress::parse(text).value();
}

TEST(AddressSet, reads_addresses_and_networks) {
    const auto set = net::AddressSet::parse(" 10.0.0.0/8,::1 , 192.0.2.7,2001:db8::/32,");
    ASSERT_TRUE(set);
    for (const char* inside : {"10.255.0.1", "::1", "192.0.2.7", "2001:db8:ffff::1", "::ffff:10.0.0.1"})
        EXPECT_TRUE(set->contains(address(inside))) << inside;
    for (const char* outside : {"11.0.0.1", "::2", "192.0.2.8", "2001:db9::1"})
        EXPECT_FALSE(set->contains(address(outside))) << outside;
    EXPECT_TRUE(net::AddressSet::parse("")->empty());
    for (const char* wrong :
         {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "localhost", "10.0.0.1/8/8"})
        EXPECT_FALSE(net::AddressSet::parse(wrong)) << wrong;
    EXPECT_TRUE(net::AddressSet::parse("0.0.0.0/0")->contains(address("1.2.3.4")));
}

TEST(SocketCensus, bounds_all_connections) {
    SocketCensus census({.sockets_max = 2});
    auto first = census.take(address("192.0.2.1"));
    auto second = census.take(address("192.0.2.2"));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(census.take(address("192.0.2.3")).error(), Limit::sockets);
    first->give_back();
    first->give_back();  // once is enough
    EXPECT_EQ(census.sockets(), 1u);
    EXPECT_TRUE(census.take(address("192.0.2.3")));
    EXPECT_EQ(census.sockets(), 1u);  // that place went with the answer
}

TEST(SocketCensus, bounds_the_unproven_of_one_address) {
    SocketCensus census({.per_address_max = 1});
    auto call = census.take(address("192.0.2.1"));
    ASSERT_TRUE(call);
    EXPECT_EQ(census.take(address("192.0.2.1")).error(), Limit::sockets_per_address);
    EXPECT_TRUE(census.take(address("192.0.2.2")));
    call->proven();
    call->proven();
    const auto next = census.take(address("192.0.2.1"));
    EXPECT_TRUE(next);
    EXPECT_EQ(census.sockets(), 2u);
}

TEST(SocketCensus, an_ipv6_network_counts_as_one_address) {
    SocketCensus census({.per_address_max = 1});
    const auto place = census.take(address("2001:db8:0:1::1"));
    EXPECT_FALSE(census.take(address("2001:db8:0:1:ffff::2")));
    EXPECT_TRUE(census.take(address("2001:db8:0:2::1")));
}

TEST(SocketCensus, some_addresses_are_not_limited) {
    SocketCensus census({.per_address_max = 1, .without_limit = net::AddressSet::parse("127.0.0.0/8").value()});
    std::vector<SocketCensus::Place> places;
    for (int i = 0; i < 10; ++i) places.push_back(std::move(census.take(address("127.0.0.1")).value()));
    EXPECT_EQ(census.sockets(), 10u);
}

TEST(SocketCensus, a_place_moves_with_its_connection) {
    SocketCensus census({.sockets_max = 1});
    std::optional<SocketCensus::Place> kept;
    {
        auto place = census.take(address("192.0.2.1"));
        kept.emplace(std::move(*place));
    }
    EXPECT_EQ(census.sockets(), 1u);
    *kept = SocketCensus::Place();
    EXPECT_EQ(census.sockets(), 0u);
}

TEST(SocketCensus, is_shared_by_threads) {
    SocketCensus census({});
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 1'000; ++n) {
                    auto place = census.take(address("192.0.2.1"));
                    if (n % 2 == 0) place->proven();
                }
            });
        }
    }
    EXPECT_EQ(census.sockets(), 0u);
}

}  // namespace
