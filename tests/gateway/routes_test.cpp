#include "gateway/routes.hpp"

#include "gateway/openapi.hpp"
#include "gateway/path_pattern.hpp"
#include "gateway/webhook.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace {

using Operations = std::set<std::pair<std::string, std::string>>;  // method, path

Operations documented() {
    Operations operations;
    const auto document = boost::json::parse(gateway::openapi_document());
    for (const auto& [path, item] : document.at("paths").as_object()) {
        for (const auto& [key, unused] : item.as_object()) {
            if (key == "parameters") continue;
            std::string method(key);
            for (char& letter : method) letter = static_cast<char>(letter - 'a' + 'A');
            operations.emplace(std::move(method), path);
        }
    }
    return operations;
}

TEST(Routes, are_those_of_the_document_and_no_others) {
    Operations served;
    for (const auto& [method, path] : gateway::Routes::operations()) served.emplace(method, path);
    EXPECT_EQ(served, documented());
}

TEST(PathPattern, without_braces_takes_its_own_path_only) {
    EXPECT_EQ(gateway::match_path("/calls", "/calls"), "");
    EXPECT_FALSE(gateway::match_path("/calls", "/calls/"));
    EXPECT_FALSE(gateway::match_path("/calls", "/call"));
}

TEST(PathPattern, gives_the_part_that_varies) {
    EXPECT_EQ(gateway::match_path("/calls/{sid}", "/calls/CA1"), "CA1");
    EXPECT_EQ(gateway::match_path("/calls/{sid}/say", "/calls/CA1/say"), "CA1");
    EXPECT_FALSE(gateway::match_path("/calls/{sid}", "/calls/"));
    EXPECT_FALSE(gateway::match_path("/calls/{sid}", "/calls/CA1/say"));
    EXPECT_FALSE(gateway::match_path("/calls/{sid}/say", "/calls/CA1/clear"));
    EXPECT_FALSE(gateway::match_path("/calls/{sid}/say", "/calls//say"));
    EXPECT_FALSE(gateway::match_path("/calls/{sid}/say", "/calls/say"));
}

TEST(PathPattern, takes_a_part_that_may_be_absent) {
    EXPECT_EQ(gateway::match_path("/call/ended[/{sid}]", "/call/ended"), "");
    EXPECT_EQ(gateway::match_path("/call/ended[/{sid}]", "/call/ended/CA1"), "CA1");
    EXPECT_FALSE(gateway::match_path("/call/ended[/{sid}]", "/call/ended/"));
    EXPECT_FALSE(gateway::match_path("/call/ended[/{sid}]", "/call/endedCA1"));
    EXPECT_FALSE(gateway::match_path("/call/ended[/{sid}]", "/call/ended/CA1/x"));
    EXPECT_FALSE(gateway::match_path("/call/ended[/{sid}]", "/call"));
}

}  // namespace
