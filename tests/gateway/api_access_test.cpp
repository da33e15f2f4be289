#include "gateway/api_access.hpp"

#include "gateway/clip_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace {

using gateway::ApiAccess;
using gateway::ApiKeys;
using gateway::Denial;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr const char* here = "127.0.0.1";
constexpr const char* elsewhere = "198.51.100.7";
const std::string key = "correct-horse-battery", other_key = "staple-staple-staple";

std::optional<Denial> denial(const ApiAccess& access, Headers headers, const char* peer = elsewhere) {
    if (headers.empty() || headers[0].first != "Host") headers.insert(headers.begin(), {"Host", "127.0.0.1:8001"});
    http::Request request;
    request.headers = std::move(headers);
    return access.denial(request, net::IpAddress::parse(peer));
}

TEST(ApiKeys, reads_a_list_and_says_what_is_wrong_with_it_without_quoting_it) {
    const std::string both = fmt::format("{},{}", key, other_key);
    const auto keys = ApiKeys::from_list(Secret(fmt::format(" {}, ,{}", key, other_key)));
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->size(), 2u);
    EXPECT_TRUE(keys->contains(key));
    EXPECT_TRUE(keys->contains(other_key));
    for (const std::string& wrong : {key.substr(0, 20), key + "x", std::string(), " " + key, both})
        EXPECT_FALSE(keys->contains(wrong)) << wrong;
    for (const std::string& bad : {std::string("short"), "with blank " + key, key + "\x7f", std::string(257, 'x')}) {
        const auto refused = ApiKeys::from_list(Secret(fmt::format("{},{}", key, bad)));
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().contains("number 2")) << refused.error();
        EXPECT_FALSE(refused.error().contains(bad)) << refused.error();
    }
}

TEST(ApiKeys, reads_lines_with_comments) {
    const auto keys = ApiKeys::from_lines(Secret("# of the console\n" + key + "\r\n\n  " + other_key + "\n"));
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->size(), 2u);
    EXPECT_TRUE(keys->contains(key));
    EXPECT_TRUE(keys->contains(other_key));
}

TEST(ApiKeys, are_bounded_in_number) {
    std::string many;
    for (std::size_t i = 0; i <= ApiKeys::keys_max; ++i) many += "0123456789\n";
    EXPECT_FALSE(ApiKeys::from_lines(Secret(many)));
}

TEST(ApiAccess, takes_a_key_in_either_header) {
    const ApiAccess access({.keys = Secret(key + "," + other_key), .keys_file = {}});
    EXPECT_EQ(denial(access, {{"Authorization", "Bearer " + key}}), std::nullopt);
    EXPECT_EQ(denial(access, {{"authorization", "bearer  " + other_key}}), std::nullopt);
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), std::nullopt);
    EXPECT_EQ(denial(access, {{"X-API-Key", "wrong-wrong"}, {"Authorization", "Bearer " + key}}), std::nullopt);
    EXPECT_EQ(denial(access, {}), Denial::no_key);
    EXPECT_EQ(denial(access, {{"Authorization", "Basic " + key}}), Denial::no_key);
    EXPECT_EQ(denial(access, {{"Authorization", "Bearer "}}), Denial::no_key);
    EXPECT_EQ(denial(access, {{"Authorization", "Bearer " + key + "x"}}), Denial::wrong_key);
    EXPECT_EQ(denial(access, {{"X-API-Key", key + "," + other_key}}), Denial::wrong_key);
}

TEST(ApiAccess, with_keys_this_machine_needs_one_too) {
    const ApiAccess access({.keys = Secret(key), .keys_file = {}});
    EXPECT_EQ(denial(access, {}, here), Denial::no_key);
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}, here), std::nullopt);
}

TEST(ApiAccess, without_keys_it_answers_this_machine_only) {
    const ApiAccess access({});
    EXPECT_EQ(denial(access, {}, here), std::nullopt);
    EXPECT_EQ(denial(access, {}, "::1"), std::nullopt);
    EXPECT_EQ(denial(access, {}, elsewhere), Denial::not_local);
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}, elsewhere), Denial::not_local);
    EXPECT_EQ(denial(access, {}, "no address"), Denial::not_local);
}

TEST(ApiAccess, a_proxy_on_this_machine_is_not_this_machine) {
    const ApiAccess access({});
    for (const char* header : {"X-Forwarded-For", "Forwarded", "x-real-ip", "Via", "X-Forwarded-Host"}) {
        EXPECT_EQ(denial(access, {{header, "127.0.0.1"}}, here), Denial::not_local) << header;
        EXPECT_EQ(denial(access, {{header, ""}, {header, elsewhere}}, here), Denial::not_local) << header;
    }
}

TEST(ApiAccess, a_name_that_was_made_to_lead_here_is_refused) {
    const ApiAccess access({});
    for (const char* host : {"localhost", "LocalHost:8001", "127.0.0.1", "127.0.0.1:8001", "[::1]:8001", "[::1]"})
        EXPECT_EQ(denial(access, {{"Host", host}}, here), std::nullopt) << host;
    for (const char* host : {"attacker.example", "attacker.example:8001", "localhost.attacker.example", "10.0.0.1:8001",
                             "127.0.0.1.attacker.example", "", "[::1", ":8001"})
        EXPECT_EQ(denial(access, {{"Host", host}}, here), Denial::foreign_page) << host;
}

TEST(ApiAccess, a_page_of_another_origin_is_refused) {
    const ApiAccess access({});
    const auto with = [&](const char* name, const char* value) {
        return denial(access, {{"Host", "localhost:8001"}, {name, value}}, here);
    };
    EXPECT_EQ(with("Origin", "http://localhost:8001"), std::nullopt);
    EXPECT_EQ(with("Sec-Fetch-Site", "same-origin"), std::nullopt);
    EXPECT_EQ(with("Sec-Fetch-Site", "none"), std::nullopt);  // typed into the address bar
    for (const char* origin : {"http://attacker.example", "http://localhost:3000", "http://localhost", "null"})
        EXPECT_EQ(with("Origin", origin), Denial::foreign_page) << origin;
    for (const char* site : {"cross-site", "same-site"})  // an image, say, comes without an Origin
        EXPECT_EQ(with("Sec-Fetch-Site", site), Denial::foreign_page) << site;
}

class ApiKeysFile : public testing::Test {
protected:
    void write(const std::string& text) { std::ofstream(path) << text; }
    test::TemporaryDirectory directory;
    const std::string path = (directory / "keys").string();
};

TEST_F(ApiKeysFile, is_read_anew_and_counts_beside_the_list) {
    write(key + "\n");
    ApiAccess access({.keys = Secret("0123456789"), .keys_file = path});
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), std::nullopt);
    EXPECT_EQ(denial(access, {{"X-API-Key", "0123456789"}}), std::nullopt);
    EXPECT_EQ(access.reload().value(), std::nullopt);  // nothing has changed

    write(other_key + "\n");
    EXPECT_EQ(access.reload().value(), 2u);
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), Denial::wrong_key);
    EXPECT_EQ(denial(access, {{"X-API-Key", other_key}}), std::nullopt);
}

TEST_F(ApiKeysFile, that_is_wrong_leaves_the_keys_as_they_were) {
    write(key + "\n");
    ApiAccess access({.keys = {}, .keys_file = path});
    write("short\n");
    EXPECT_FALSE(access.reload());
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), std::nullopt);
    ::unlink(path.c_str());
    EXPECT_FALSE(access.reload());
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), std::nullopt);
}

TEST_F(ApiKeysFile, that_is_emptied_lets_nobody_in) {
    write(key + "\n");
    ApiAccess access({.keys = {}, .keys_file = path});
    write("# all of them are gone\n");
    EXPECT_EQ(access.reload().value(), 0u);
    EXPECT_EQ(denial(access, {{"X-API-Key", key}}), Denial::wrong_key);
    EXPECT_EQ(denial(access, {}, here), Denial::no_key);
}

TEST_F(ApiKeysFile, that_is_missing_stops_the_start) {
    EXPECT_THROW(ApiAccess({.keys = {}, .keys_file = path}), std::runtime_error);
    EXPECT_THROW(ApiAccess({.keys = {}, .keys_file = (directory / "").string()}), std::runtime_error);
}

}  // namespace
