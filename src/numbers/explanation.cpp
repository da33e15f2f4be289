#include "numbers/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace numbers {

namespace {

std::string header_of(const Rule& rule) {
    return rule.fits == Rule::rest ? "[default]" : fmt::format("[\"{}\"]", rule.fits);
}

std::string setting_of(const Key& key) {
    std::string name(key.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

// Where the value that counts was set; an empty rule: by the server.
struct Origin {
    const Rule* rule = nullptr;
    std::size_t line = 0;
};

Origin origin_of(const Key& key, const Rules::Layers& layers) {
    for (auto rule = layers.rbegin(); rule != layers.rend(); ++rule) {
        const auto found = std::ranges::find((*rule)->assignments, key.name,
                                             [](const Assignment& assignment) { return assignment.key->name; });
        if (found != (*rule)->assignments.end()) return {*rule, found->position.line};
    }
    return {};
}

std::string line_for(const Key& key, const CallSettings& settings, std::string_view because) {
    const std::string value = key.show(settings);
    return value.empty() ? "" : fmt::format("  {} = {}  # {}\n", key.name, value, because);
}

std::string because_of(const Key& key, const Origin& origin) {
    if (origin.rule == nullptr) return fmt::format("the server's {}", setting_of(key));
    return fmt::format("line {}, {}", origin.line, header_of(*origin.rule));
}

std::string count_of(const Rules& rules, std::string_view file_name) {
    const auto count = rules.all().size();
    return fmt::format("{}: {} rule{}, nothing is wrong.\n", file_name, count, count == 1 ? "" : "s");
}

}  // namespace

std::string explain(const Rules& rules, const CallSettings& servers, std::string_view file_name) {
    std::string text = count_of(rules, file_name);
    for (const Rule& rule : rules.all()) {
        const auto layers = rules.beneath(rule);
        const CallSettings settings = apply_layers(layers, servers);
        text += fmt::format("\n{}  # line {}\n", header_of(rule), rule.position.line);
        for (const Key& key : keys()) {
            const Origin origin = origin_of(key, layers);
            if (origin.rule != nullptr) text += line_for(key, settings, because_of(key, origin));
        }
    }
    text += "\nWhere no rule has a say\n";
    for (const Key& key : keys()) text += line_for(key, servers, because_of(key, {}));
    return text;
}

std::string explain_number(const Rules& rules, const CallSettings& servers, std::string_view file_name,
                           std::string_view number) {
    std::string text = count_of(rules, file_name);
    const auto layers = rules.fitting(number);
    text += fmt::format("\n{} is fitted by\n", number);
    for (auto rule = layers.rbegin(); rule != layers.rend(); ++rule) {
        text += fmt::format("  {}  # line {}{}\n", header_of(**rule), (*rule)->position.line,
                            rule == layers.rbegin() ? ", counts most" : "");
    }
    if (layers.empty()) text += "  no rule\n";
    text += "\nIts calls get\n";
    const CallSettings settings = apply_layers(layers, servers);
    for (const Key& key : keys()) text += line_for(key, settings, because_of(key, origin_of(key, layers)));
    return text;
}

}  // namespace numbers
