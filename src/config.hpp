#pragma once
// The configuration of `mouthpiece serve`: flags over environment over a .env file over defaults, from one table that
// manual.cpp prints.

#include "gateway/options.hpp"

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct Configuration {
    gateway::Options gateway;
    std::string log_level = "info";
    bool log_as_json = false;
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

// The values of a .env file: NAME=value lines, `export`, quotes and # comments as a shell reads them. The error is a
// sentence.
std::expected<std::map<std::string, std::string>, std::string> read_dotenv(std::string_view text);

// `arguments` are those behind `serve`. The error is a sentence that names the setting.
std::expected<Configuration, std::string> read_configuration(std::span<const char* const> arguments,
                                                             const Environment& environment);

struct SettingDescription {
    const char* variable;
    const char* other_variable;  // accepted too; nullptr for none
    const char* flag;            // nullptr for secrets
    const char* standard;        // the default, for people
    const char* help;
};
std::vector<SettingDescription> setting_descriptions();
