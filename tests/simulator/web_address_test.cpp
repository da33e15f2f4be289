#include "simulator/web_address.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

TEST(WebAddress, takes_urls_apart) {
    const auto url = parse_address("HTTPS://Example.com:8443/a/b?c=d#rc=2");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->text(), "https://Example.com:8443/a/b?c=d");
    EXPECT_EQ(url->overrides.retries, 2u);
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host(), "Example.com");
    EXPECT_EQ(url->port(), 8443);
    EXPECT_EQ(url->target, "/a/b?c=d");
    EXPECT_EQ(parse_address("wss://h")->port(), 443);
    EXPECT_EQ(parse_address("wss://h")->target, "/");
    EXPECT_EQ(parse_address("http://h?x")->target, "/?x");
    EXPECT_EQ(parse_address("http://[::1]:80/")->host(), "::1");
    EXPECT_TRUE(parse_address("http://[::1]/")->loopback());
    EXPECT_TRUE(parse_address("http://127.0.0.1:8001/")->loopback());
    EXPECT_FALSE(parse_address("http://127.example.com/")->loopback());
}

TEST(WebAddress, refuses_what_is_none) {
    for (const char* bad : {"", "example.com", "ftp://h/", "http://", "http:///p", "http://h:0/", "http://h:99999/",
                            "http://h:x/", "http://h/a b", "http://u:p@h/", "http://h/#top", "http://h/#rc=6"}) {
        EXPECT_FALSE(parse_address(bad)) << bad;
    }
}

TEST(WebAddress, resolves_relative_references) {
    const auto base = *parse_address("https://h:444/a/b?c#rc=3");
    EXPECT_EQ(resolve(base, "/x#rc=2")->overrides.retries, 2u);
    EXPECT_EQ(resolve(base, "/x")->overrides.retries, 1u) << "every URL says it for itself";
    EXPECT_EQ(resolve(base, "/x?y")->text(), "https://h:444/x?y");
    EXPECT_EQ(resolve(base, "x")->text(), "https://h:444/a/x");
    EXPECT_EQ(resolve(base, "?z")->text(), "https://h:444/a/b?z");
    EXPECT_EQ(resolve(base, "")->text(), base.text());
    EXPECT_EQ(resolve(base, "//other/x")->text(), "https://other/x");
    EXPECT_EQ(resolve(base, "http://other/x")->text(), "http://other/x");
}

}  // namespace
}  // namespace simulator
