#include "numbers/rules_file.hpp"

#include "numbers/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace numbers {

namespace {

Position position_of(const toml::source_region& region) {
    return {.line = region.begin.line, .column = region.begin.column};
}

Value value_of(const toml::node& node) {
    if (const auto* const given = node.as_boolean()) return given->get();
    if (const auto* const given = node.as_integer()) return given->get();
    if (const auto* const given = node.as_floating_point()) return given->get();
    if (const auto* const given = node.as_string()) return given->get();
    return Other{};
}

// In quotes, and fit for a terminal.
std::string named(std::string_view name) {
    constexpr std::size_t bytes_max = 64;
    return fmt::format("{:?}", name.substr(0, bytes_max));
}

bool sounds_secret(std::string_view name) {
    constexpr std::array<std::string_view, 6> words = {"key", "token", "secret", "password", "KEY", "TOKEN"};
    return std::ranges::any_of(words, [&](std::string_view word) { return name.contains(word); });
}

std::string meant(std::string_view suggestion) {
    return suggestion.empty() ? "" : fmt::format("; did you mean {}?", suggestion);
}

class Reader {
public:
    std::expected<Rules, std::vector<Mistake>> read(std::string_view text) {
        if (text.size() > file_bytes_max) {
            note({1, 1}, fmt::format("the file is larger than {} MiB", file_bytes_max >> 20));
            return std::unexpected(std::move(mistakes_));
        }
        const toml::parse_result parsed = toml::parse(text);
        if (parsed) {
            for (const auto& [key, node] : parsed.table()) read_rule(key, node);
        } else {
            note(position_of(parsed.error().source()), std::string(parsed.error().description()));
        }
        if (!mistakes_.empty()) {
            std::ranges::sort(mistakes_, {}, &Mistake::position);
            return std::unexpected(std::move(mistakes_));
        }
        std::ranges::sort(rules_, {}, &Rule::position);
        return Rules(std::move(rules_));
    }

private:
    void note(Position position, std::string says) {
        if (mistakes_.size() < mistakes_max) mistakes_.push_back({position, std::move(says)});
    }

    void read_rule(const toml::key& key, const toml::node& node) {
        const std::string_view name = key.str();
        const Position position = position_of(key.source());
        if (!node.is_table()) return refuse_at_top(name, position);
        if (name != Rule::rest && !fits_numbers(name)) return refuse_header(name, position);
        if (rules_.size() == rules_max) return note(position, fmt::format("there are more than {} rules", rules_max));
        Rule rule{.fits = std::string(name), .position = position};
        for (const auto& [inner, value] : *node.as_table()) read_assignment(rule, inner, value);
        rules_.push_back(std::move(rule));
    }

    void refuse_at_top(std::string_view name, Position position) {
        const bool known = find_key(name) != nullptr;
        note(position, fmt::format("{} stands before the first table{}", named(name),
                                   known ? "; what counts for all numbers belongs under [default]" : ""));
    }

    void refuse_header(std::string_view name, Position position) {
        constexpr std::array<std::string_view, 1> known = {Rule::rest};
        note(position, fmt::format("{} is no number: expected one such as \"+14155550100\", the beginning of some such "
                                   "as \"+1415*\", or default{}",
                                   named(name), meant(nearest(name, known))));
    }

    void read_assignment(Rule& rule, const toml::key& name, const toml::node& node) {
        const Key* const key = find_key(name.str());
        if (key == nullptr) return refuse_key(rule, name.str(), position_of(name.source()));
        Assignment assignment{.key = key, .value = value_of(node), .position = position_of(node.source())};
        CallSettings scratch;
        if (const auto fault = key->apply(assignment.value, scratch))
            return note(assignment.position, fmt::format("{} of {} {}", key->name, named(rule.fits), *fault));
        rule.assignments.push_back(std::move(assignment));
    }

    void refuse_key(const Rule& rule, std::string_view name, Position position) {
        if (sounds_secret(name)) {
            return note(position, fmt::format("{} of {} is no key of this file, which is no place for secrets: they "
                                              "belong in the environment",
                                              named(name), named(rule.fits)));
        }
        std::vector<std::string_view> known;
        for (const Key& key : keys()) known.push_back(key.name);
        note(position, fmt::format("{} of {} is no key{}", named(name), named(rule.fits), meant(nearest(name, known))));
    }

    std::vector<Rule> rules_;
    std::vector<Mistake> mistakes_;
};

}  // namespace

std::expected<Rules, std::vector<Mistake>> read_rules(std::string_view text) {
    return Reader().read(text);
}

std::string list_of(const std::vector<Mistake>& mistakes, std::string_view file_name) {
    std::string list;
    for (const Mistake& mistake : mistakes) {
        list += fmt::format("{}{}:{}:{}: {}", list.empty() ? "" : "\n", file_name, mistake.position.line,
                            mistake.position.column, mistake.says);
    }
    return list;
}

}  // namespace numbers
