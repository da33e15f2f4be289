#include "gateway/console_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace {

const std::filesystem::path folder = SOURCE_DIR "/assets/console";

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [its_name, value] : response.headers) {
        if (its_name == name) return value;
    }
    return {};
}

TEST(ConsoleFiles, are_those_of_the_folder_byte_for_byte) {
    std::set<std::string> in_folder, served;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) in_folder.insert(entry.path().filename());
    for (const auto& file : gateway::console_files()) {
        served.emplace(file.name);
        EXPECT_EQ(gateway::console_file({}, file.name).body, content_of(folder / file.name)) << file.name;
    }
    EXPECT_EQ(served, in_folder);
}

TEST(ConsoleFiles, the_page_takes_nothing_from_elsewhere_and_runs_nothing_inline) {
    const auto page = gateway::console_page({});
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
    const std::string policy = header_of(page, "Content-Security-Policy");
    EXPECT_TRUE(policy.contains("default-src 'none'; script-src 'self';")) << policy;
    EXPECT_FALSE(policy.contains("unsafe")) << policy;
    EXPECT_TRUE(policy.contains("frame-ancestors 'none'")) << policy;
    EXPECT_EQ(header_of(page, "X-Content-Type-Options"), "nosniff");
}

TEST(ConsoleFiles, are_not_sent_again_to_who_has_them) {
    const auto first = gateway::console_file({}, "console.js");
    EXPECT_EQ(first.content_type, "text/javascript; charset=utf-8");
    http::Request again;
    again.headers = {{"If-None-Match", header_of(first, "ETag")}};
    const auto second = gateway::console_file(again, "console.js");
    EXPECT_EQ(second.status, 304);
    EXPECT_TRUE(second.body.empty());
    EXPECT_EQ(gateway::console_file(again, "console.css").status, 200);
}

TEST(ConsoleFiles, nothing_else_is_served) {
    for (const char* name : {"", "console", "../openapi.json", "CONSOLE.JS"})
        EXPECT_EQ(gateway::console_file({}, name).status, 404) << name;
}

}  // namespace
