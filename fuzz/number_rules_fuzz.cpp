// Any file: what is read settles every number, what is refused is told, in order and without control characters.

#include "numbers/explanation.hpp"
#include "numbers/rules_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_rules(const numbers::Rules& rules) {
    for (const numbers::Rule& rule : rules.all()) {
        require(rule.fits == numbers::Rule::rest || numbers::fits_numbers(rule.fits));
        require(rules.beneath(rule).back() == &rule);
        const auto number = rule.fits.ends_with('*') ? rule.fits.substr(0, rule.fits.size() - 1) + "1" : rule.fits;
        const auto settings = rules.settings_for(number, {});
        require(settings.voice.settings.speed >= 0.7 && settings.voice.settings.speed <= 1.2);
        require(settings.call_duration_max.count() > 0 && settings.greeting.size() <= 5'000);
        require(!numbers::explain_number(rules, {}, "f", number).empty());
    }
}

void check_mistakes(const std::vector<numbers::Mistake>& mistakes) {
    require(!mistakes.empty() && mistakes.size() <= numbers::mistakes_max);
    require(std::ranges::is_sorted(mistakes, {}, &numbers::Mistake::position));
    for (const auto& mistake : mistakes) {
        require(mistake.position.line >= 1 && !mistake.says.empty() && mistake.says.size() < 1'000);
        require(std::ranges::none_of(mistake.says, [](unsigned char c) { return c < 0x20 || c == 0x7F; }));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto rules = numbers::read_rules({reinterpret_cast<const char*>(data), size});
    if (rules) {
        check_rules(*rules);
    } else {
        check_mistakes(rules.error());
    }
    return 0;
}
