#include "numbers/rules.hpp"

#include "twilio/e164.hpp"

#include <algorithm>
#include <utility>

namespace numbers {

bool fits_numbers(std::string_view text) {
    if (!text.ends_with('*')) return twilio::is_e164(text);
    constexpr std::size_t digits_max = 15;
    const std::string_view digits = text.substr(0, text.size() - 1).substr(std::min<std::size_t>(text.size() - 1, 1));
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.starts_with('+') && !digits.empty() && digits.size() <= digits_max && digits[0] != '0' &&
           std::ranges::all_of(digits, is_digit);
}

Rules::Rules(std::vector<Rule> rules) : rules_(std::move(rules)) {
    for (std::size_t i = 0; i < rules_.size(); ++i) by_fits_.emplace(rules_[i].fits, i);
}

Rules::Layers Rules::layers(std::string_view beginning, bool is_whole_number) const {
    Layers found;
    const auto add = [&](std::string_view fits) {
        if (const auto at = by_fits_.find(std::string(fits)); at != by_fits_.end())
            found.push_back(&rules_[at->second]);
    };
    add(Rule::rest);
    for (std::size_t length = 2; length <= beginning.size(); ++length) {
        add(std::string(beginning.substr(0, length)) + '*');
    }
    if (is_whole_number) add(beginning);
    return found;
}

Rules::Layers Rules::fitting(std::string_view number) const {
    return twilio::is_e164(number) ? layers(number, true) : layers({}, false);
}

Rules::Layers Rules::beneath(const Rule& rule) const {
    if (rule.is_for_one_number()) return layers(rule.fits, true);
    return rule.fits == Rule::rest ? layers({}, false) : layers(rule.fits.substr(0, rule.fits.size() - 1), false);
}

CallSettings Rules::settings_for(std::string_view number, CallSettings servers) const {
    return apply_layers(fitting(number), std::move(servers));
}

CallSettings apply_layers(const Rules::Layers& layers, CallSettings servers) {
    for (const Rule* const rule : layers) {
        for (const Assignment& assignment : rule->assignments) assignment.key->apply(assignment.value, servers);
    }
    return servers;
}

}  // namespace numbers
