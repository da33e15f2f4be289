#pragma once
// `mouthpiece check-config`: what is wrong in NUMBERS_FILE, or what each number gets by it.

#include "gateway/options.hpp"

#include <optional>
#include <string>
#include <vector>

// Takes `--number NUMBER` or `--number=NUMBER` out of `arguments`; what is left are serve's.
std::optional<std::string> take_number_flag(std::vector<const char*>& arguments);

// Prints it. The exit status: 0 when nothing is wrong, 1 when something is, 2 when there is no file to look at.
int run_check_config(const gateway::Options& options, const std::optional<std::string>& number);
