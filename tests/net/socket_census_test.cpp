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
    SocketCensus census({.per_address_max = 1, .without_limit = net::parse_ip_ranges("127.0.0.0/8").value()});
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
