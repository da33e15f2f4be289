#include "manual.hpp"

#include "config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(Manual, help_has_every_setting_once) {
    const auto lines = lines_of(help_text("1.2.3"));
    for (const SettingDescription& setting : setting_descriptions()) {
        const std::string name = setting.flag == nullptr ? std::string("  ") + setting.variable
                                                         : std::string("  ") + setting.flag + "=" + setting.variable;
        EXPECT_EQ(std::ranges::count_if(
                      lines, [&](const std::string& line) { return line == name || line.starts_with(name + " "); }),
                  1)
            << name;
    }
}

TEST(Manual, help_fits_a_terminal) {
    for (const std::string& line : lines_of(help_text("1.2.3"))) {
        EXPECT_FALSE(line.ends_with(' ')) << line;
        std::ptrdiff_t characters =
            std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
        EXPECT_LE(characters, 110) << line;
    }
    EXPECT_TRUE(help_text("1.2.3").starts_with("mouthpiece 1.2.3"));
}

TEST(Manual, every_section_begins_with_a_setting) {
    std::size_t titles = 0;
    for (const std::string& line : lines_of(settings_file())) titles += line.starts_with("# ---- ");
    EXPECT_EQ(titles, 11U) << "a setting that begins a section has gone or been renamed";
}

TEST(Manual, the_settings_file_changes_nothing_and_lists_all) {
    const std::string text = settings_file();
    const auto values = read_dotenv(text);
    ASSERT_TRUE(values) << values.error();
    EXPECT_TRUE(values->empty());
    for (const SettingDescription& setting : setting_descriptions()) {
        EXPECT_NE(text.find(std::string("\n#") + setting.variable + "=\n"), std::string::npos) << setting.variable;
    }
}

}  // namespace
