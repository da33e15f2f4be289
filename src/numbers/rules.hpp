#pragma once
// Which number gets what: rules for single numbers, for all that begin alike, and for the rest. They lie over one
// another: each key counts as the most specific rule has it that sets it.
//
//   the number itself  "+49301234567"   counts most
//   its beginning      "+4930*"         the longer counts more
//   the rest           default
//   the server's own settings           count least

#include "numbers/key.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace numbers {

struct Position {
    std::size_t line = 0, column = 0;  // from 1
    friend auto operator<=>(const Position&, const Position&) = default;
};

struct Assignment {
    const Key* key = nullptr;
    Value value{};
    Position position{};
};

struct Rule {
    static constexpr std::string_view rest = "default";

    std::string fits;  // "+49301234567", "+4930*" or `rest`
    Position position{};
    std::vector<Assignment> assignments{};

    bool is_for_one_number() const { return fits.starts_with('+') && !fits.ends_with('*'); }
};

// A number in E.164, or the beginning of one and a star.
bool fits_numbers(std::string_view text);

class Rules {
public:
    // One for each text in `fits`, with values that were checked.
    explicit Rules(std::vector<Rule> rules = {});

    const std::vector<Rule>& all() const { return rules_; }

    using Layers = std::vector<const Rule*>;        // the least specific first
    Layers fitting(std::string_view number) const;  // which need not be one ("sip:…")
    Layers beneath(const Rule& rule) const;         // and itself, at the end

    CallSettings settings_for(std::string_view number, CallSettings servers) const;

private:
    Layers layers(std::string_view beginning, bool is_whole_number) const;

    std::vector<Rule> rules_;
    std::unordered_map<std::string, std::size_t> by_fits_;
};

CallSettings apply_layers(const Rules::Layers& layers, CallSettings servers);

}  // namespace numbers
