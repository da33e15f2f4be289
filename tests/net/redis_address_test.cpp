#include "net/redis_address.hpp"

#include <gtest/gtest.h>

namespace {

using net::parse_redis_url;

TEST(RedisAddress, has_defaults_for_all_but_the_host) {
    const auto address = parse_redis_url("redis://store.internal");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->host, "store.internal");
    EXPECT_EQ(address->port, 6379);
    EXPECT_EQ(address->database, 0);
    EXPECT_TRUE(address->password.empty());
}

TEST(RedisAddress, reads_everything_that_is_there) {
    const auto address = parse_redis_url("redis://app:p%40ss%2Fw+@[::1]:7000/12");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->user, "app");
    EXPECT_EQ(address->password.reveal(), "p@ss/w+");
    EXPECT_EQ(address->host, "::1");
    EXPECT_EQ(address->port, 7000);
    EXPECT_EQ(address->database, 12);
}

TEST(RedisAddress, takes_a_password_without_a_user) {
    const auto address = parse_redis_url("redis://:secret@10.0.0.5/");
    ASSERT_TRUE(address);
    EXPECT_TRUE(address->user.empty());
    EXPECT_EQ(address->password.reveal(), "secret");
}

TEST(RedisAddress, refuses_what_it_cannot_be_without_repeating_it) {
    for (const char* text :
         {"", "localhost:6379", "http://host", "redis://", "redis://:s3cret@", "redis://h:0", "redis://h:70000",
          "redis://h:port", "redis://h/first", "redis://h/1?x=y", "redis://user@h", "redis://[::1"}) {
        const auto address = parse_redis_url(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().find("s3cret"), std::string::npos);
    }
    EXPECT_NE(parse_redis_url("rediss://h").error().find("TLS"), std::string::npos);
}

}  // namespace
