#include "simulator/connection_overrides.hpp"

#include "twilio/connection_overrides.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

using namespace std::chrono_literals;
using Kind = net::TransportError::Kind;

TEST(ConnectionOverrides, without_any_twilio_asks_twice_where_it_cannot_connect) {
    const auto usual = *read_overrides("");
    EXPECT_EQ(usual.retries, 1u);
    EXPECT_EQ(usual.connect_max, 5s);
    EXPECT_EQ(usual.read_max, 15s);
    EXPECT_EQ(usual.total_max, 15s);
    for (const auto kind : {Kind::resolve, Kind::connect, Kind::tls}) EXPECT_TRUE(usual.retry_failure(kind));
    for (const auto kind : {Kind::timeout, Kind::cut_off, Kind::too_large}) EXPECT_FALSE(usual.retry_failure(kind));
    EXPECT_FALSE(usual.retry_status(502));
    EXPECT_FALSE(usual.retry_status(404));
}

TEST(ConnectionOverrides, say_when_to_ask_again) {
    const auto server_errors = *read_overrides("rc=2&rp=5xx,rt");
    EXPECT_EQ(server_errors.retries, 2u);
    EXPECT_TRUE(server_errors.retry_status(503));
    EXPECT_FALSE(server_errors.retry_status(404));
    EXPECT_TRUE(server_errors.retry_failure(Kind::timeout));
    EXPECT_FALSE(server_errors.retry_failure(Kind::connect)) << "the list replaces the usual one";

    const auto ours = read_overrides(twilio::ask_again.substr(1));
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->retries, 3u);
    EXPECT_EQ(ours->read_max, 4s);
    for (const auto kind : {Kind::connect, Kind::timeout, Kind::cut_off}) EXPECT_TRUE(ours->retry_failure(kind));
    EXPECT_FALSE(ours->retry_failure(Kind::too_large));
    EXPECT_TRUE(ours->retry_status(502));
    EXPECT_FALSE(ours->retry_status(200));
}

TEST(ConnectionOverrides, refuse_what_twilio_would_not_take) {
    for (const char* good :
         {"ct=100&rt=15000&tt=100", "ct=10000", "rc=0", "rc=5", "rp=4xx,all", "sni=n&e=dublin,tokyo"})
        EXPECT_TRUE(read_overrides(good)) << good;
    for (const char* bad : {"top", "rc", "rc=", "rc=6", "rc=-1", "rc=2x", "ct=99", "ct=10001", "rt=15001", "tt=0",
                            "rp=3xx", "rp=5xx,,all", "sni=yes", "e=", "rc=2&&rp=all", "rc=2 "})
        EXPECT_FALSE(read_overrides(bad)) << bad;
}

}  // namespace
}  // namespace simulator
