#include "check_config.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/numbers_file.hpp"
#include "numbers/explanation.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

std::optional<std::string> take_number_flag(std::vector<const char*>& arguments) {
    constexpr std::string_view flag = "--number";
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
        std::string_view text = *argument;
        if (!text.starts_with(flag)) continue;
        text.remove_prefix(flag.size());
        if (text.starts_with('=')) {
            std::string number(text.substr(1));
            arguments.erase(argument);
            return number;
        }
        if (!text.empty() || argument + 1 == arguments.end()) continue;  // --numbers-file; serve's flags tell the rest
        std::string number = *(argument + 1);
        arguments.erase(argument, argument + 2);
        return number;
    }
    return std::nullopt;
}

int run_check_config(const gateway::Options& options, const std::optional<std::string>& number) {
    constexpr int file_is_wrong = 1, usage_error = 2;
    const std::string& file = options.numbers_file;
    if (file.empty()) {
        fmt::print(stderr, "mouthpiece: check-config needs a file: mouthpiece check-config FILE, or NUMBERS_FILE.\n");
        return usage_error;
    }
    const auto rules = gateway::read_numbers_file(file, !options.recordings_directory.empty());
    if (!rules) {
        fmt::print(stderr, "{}\n", rules.error());
        return file_is_wrong;
    }
    const auto servers = gateway::call_settings(options);
    fmt::print("{}", number ? numbers::explain_number(*rules, servers, file, *number)
                            : numbers::explain(*rules, servers, file));
    return 0;
}
