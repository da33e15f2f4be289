#include "gateway/request_origin.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::RequestOrigin;
using gateway::RequestOrigins;
using Headers = std::vector<std::pair<std::string, std::string>>;
using Urls = std::vector<std::string>;

const Urls of_the_host_header{"https://phone.example.org", "http://phone.example.org"};

// Two proxies of ours: the edge, 192.0.2.1, and an inner network.
RequestOrigin origin(const Headers& headers, const char* peer = "10.0.0.1:4711", const std::string& public_url = {},
                     const std::string& instance_url = {}) {
    const RequestOrigins origins(
        {.public_url = public_url,
         .instance_url = instance_url,
         .trusted_proxies = net::parse_ip_ranges("10.0.0.0/8 192.0.2.1 2001:db8:1::/48").value()});
    http::Request request;
    request.headers = {{"Host", "phone.example.org"}};
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    return origins.of(request, peer);
}

std::string client(const Headers& headers, const char* peer = "10.0.0.1:4711") {
    return origin(headers, peer).client();
}

TEST(RequestOrigin, without_a_proxy_is_the_connection_and_the_host_header) {
    const auto direct = origin({}, "203.0.113.7:4711");
    EXPECT_EQ(direct.client(), "203.0.113.7");
    EXPECT_EQ(direct.address, net::IpAddress::parse("203.0.113.7"));
    EXPECT_EQ(direct.base_urls, of_the_host_header);
    EXPECT_FALSE(direct.configured);
    EXPECT_EQ(client({}, "[2001:db8:2::7]:4711"), "2001:db8:2::7");
}

TEST(RequestOrigin, what_a_stranger_says_is_ignored) {
    const auto liar = origin({{"X-Forwarded-For", "127.0.0.1"},
                              {"X-Forwarded-Host", "evil.example"},
                              {"X-Forwarded-Proto", "http"},
                              {"Forwarded", "for=127.0.0.1;host=evil.example"},
                              {"X-Real-IP", "127.0.0.1"}},
                             "203.0.113.7:4711");
    EXPECT_EQ(liar.client(), "203.0.113.7");
    EXPECT_EQ(liar.base_urls, of_the_host_header);
}

TEST(RequestOrigin, what_a_trusted_proxy_says_counts) {
    const auto told = origin({{"x-forwarded-for", "203.0.113.7"},
                              {"X-Forwarded-Host", "calls.example.org:8443"},
                              {"X-Forwarded-Proto", "HTTPS"}});
    EXPECT_EQ(told.client(), "203.0.113.7");
    EXPECT_EQ(told.base_urls, (Urls{"https://calls.example.org:8443"}));
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.7"}}, "[2001:db8:1::1]:80"), "203.0.113.7");
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.7"}}, "[::ffff:10.0.0.1]:80"), "203.0.113.7");
}

TEST(RequestOrigin, is_the_last_address_that_is_not_ours) {
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.7, 192.0.2.1, 10.0.0.9"}}), "203.0.113.7");
    // The client wrote the first two; the edge added whom it saw.
    EXPECT_EQ(client({{"X-Forwarded-For", "127.0.0.1, 10.0.0.5, 203.0.113.7, 192.0.2.1"}}), "203.0.113.7");
    // In several lines as in one.
    EXPECT_EQ(client({{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "203.0.113.7,192.0.2.1"}}), "203.0.113.7");
}

TEST(RequestOrigin, among_nobody_but_proxies_is_the_first_of_them) {
    EXPECT_EQ(client({{"X-Forwarded-For", "10.0.0.5, 192.0.2.1"}}), "10.0.0.5");
    EXPECT_EQ(client({}), "10.0.0.1");
}

TEST(RequestOrigin, ends_where_an_address_cannot_be_read) {
    for (const char* unreadable : {"unknown", "_hidden", "", "127.0.0.1 ", "1.2.3", "<script>", "999.1.1.1"}) {
        const auto said = std::string("203.0.113.7, ") + unreadable + "x, 192.0.2.1";
        EXPECT_EQ(client({{"X-Forwarded-For", said}}), "192.0.2.1") << said;
    }
    EXPECT_EQ(client({{"X-Forwarded-For", ""}}), "10.0.0.1");
    EXPECT_EQ(client({{"X-Forwarded-For", ",,,"}}), "10.0.0.1");
}

TEST(RequestOrigin, takes_addresses_with_a_port_as_some_proxies_write_them) {
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.7:5000"}}), "203.0.113.7");
    EXPECT_EQ(client({{"X-Forwarded-For", "[2001:db8:2::7]:5000"}}), "2001:db8:2::7");
    EXPECT_EQ(client({{"X-Forwarded-For", "2001:db8:2::7"}}), "2001:db8:2::7");
}

TEST(RequestOrigin, scheme_and_host_are_those_the_outermost_proxy_saw) {
    // The edge took TLS off; the inner proxy added its own view, or passed the edge's on.
    for (const char* proto : {"https, http", "https"}) {
        const auto both = origin({{"X-Forwarded-For", "203.0.113.7, 192.0.2.1"},
                                  {"X-Forwarded-Proto", proto},
                                  {"X-Forwarded-Host", "phone.example.org, inner.example"}});
        EXPECT_EQ(both.base_urls, (Urls{"https://phone.example.org"})) << proto;
    }
    // What stands further left than there are proxies, the client has written.
    const auto lied = origin({{"X-Forwarded-For", "9.9.9.9, 203.0.113.7"},
                              {"X-Forwarded-Proto", "http, https"},
                              {"X-Forwarded-Host", "evil.example, phone.example.org"}});
    EXPECT_EQ(lied.base_urls, (Urls{"https://phone.example.org"}));
}

TEST(RequestOrigin, knows_the_schemes_of_websockets) {
    EXPECT_EQ(origin({{"X-Forwarded-Proto", "wss"}}).base_urls, (Urls{"https://phone.example.org"}));
    EXPECT_EQ(origin({{"X-Forwarded-Proto", "ws"}}).base_urls, (Urls{"http://phone.example.org"}));
    EXPECT_EQ(origin({{"X-Forwarded-Proto", "gopher"}}).base_urls, of_the_host_header);
}

TEST(RequestOrigin, does_not_take_a_host_that_is_none) {
    for (const char* host : {"", "a b", "a/b", "user@evil.example", "a\"b", "<evil>"}) {
        EXPECT_EQ(origin({{"X-Forwarded-Host", host}}).base_urls, of_the_host_header) << host;
    }
}

TEST(RequestOrigin, a_configured_address_stands_above_all) {
    const auto told = origin({{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Host", "elsewhere.example"}},
                             "10.0.0.1:4711", "https://calls.example.org/");
    EXPECT_EQ(told.base_urls, (Urls{"https://calls.example.org"}));
    EXPECT_TRUE(told.configured);
    EXPECT_EQ(told.client(), "203.0.113.7");
}

TEST(RequestOrigin, twilio_comes_back_to_the_address_of_this_server_among_several) {
    const auto alone = origin({}, "203.0.113.7:1", "https://phone.example.org");
    EXPECT_EQ(alone.return_url, "https://phone.example.org");
    const auto one = origin({}, "203.0.113.7:1", "https://phone.example.org", "https://phone.example.org/a/");
    EXPECT_EQ(one.return_url, "https://phone.example.org/a");
    EXPECT_EQ(one.base_urls, (Urls{"https://phone.example.org", "https://phone.example.org/a"}));
}

bool is_our_page(const char* page, const std::string& public_url = {}) {
    http::Request request;
    request.headers = {{"Host", "127.0.0.1:8001"}};
    if (page != nullptr) request.headers.emplace_back("Origin", page);
    const RequestOrigins origins({.public_url = public_url, .instance_url = {}, .trusted_proxies = {}});
    return gateway::is_of_our_page(request, origins.of(request, "127.0.0.1:4711"));
}

TEST(RequestOrigin, knows_a_page_of_ours_by_what_the_browser_says) {
    EXPECT_TRUE(is_our_page("http://127.0.0.1:8001"));
    EXPECT_TRUE(is_our_page("https://phone.example.org", "https://phone.example.org"));
    EXPECT_TRUE(is_our_page("http://127.0.0.1:8001", "https://phone.example.org"));
    EXPECT_FALSE(is_our_page(nullptr)) << "a browser says so with every WebSocket";
    for (const char* foreign : {"https://attacker.example", "http://127.0.0.1:8002", "http://127.0.0.1", "null"})
        EXPECT_FALSE(is_our_page(foreign)) << foreign;
}

TEST(RequestOrigin, is_also_under_the_prefix_that_a_trusted_proxy_took_off) {
    const Headers prefixed{{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Prefix", "/b/"}};
    const std::string here = "https://phone.example.org";
    EXPECT_EQ(origin(prefixed, "10.0.0.1:1", here, here + "/a").base_urls, (Urls{here, here + "/b", here + "/a"}));
    EXPECT_EQ(origin(prefixed, "10.0.0.1:1", here, here + "/a").return_url, here + "/a");
    EXPECT_EQ(origin(prefixed, "203.0.113.9:1", here).base_urls, Urls{here}) << "a stranger's word";
    for (const char* none : {"", "/", "b", "/b?x=1", "//evil.example/ b"}) {
        EXPECT_EQ(
            origin({{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Prefix", none}}, "10.0.0.1:1", here).base_urls,
            Urls{here})
            << none;
    }
}

}  // namespace
