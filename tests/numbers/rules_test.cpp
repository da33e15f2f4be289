#include "numbers/rules.hpp"

#include "numbers/rules_file.hpp"

#include <gtest/gtest.h>

namespace {

numbers::Rules rules() {
    return numbers::read_rules(R"(
["+49301234567"]
greeting = "The office."

["+4930*"]
greeting = "Berlin."
voice_id = "berlin"

["+49*"]
greeting = "Germany."
voice_id = "germany"
language_code = "de"

[default]
greeting = "All others."
max_calls = 7

["+1*"]
greeting = "America."
)")
        .value();
}

numbers::CallSettings settings_for(std::string_view number) {
    return rules().settings_for(number, {.greeting = "Server.", .voice = {.id = "server"}, .busy_text = "Busy."});
}

TEST(Rules, the_number_itself_counts_most_then_the_longest_beginning_then_default) {
    EXPECT_EQ(settings_for("+49301234567").greeting, "The office.");
    EXPECT_EQ(settings_for("+49301234568").greeting, "Berlin.");
    EXPECT_EQ(settings_for("+493012345678").greeting, "Berlin.");
    EXPECT_EQ(settings_for("+4989123456").greeting, "Germany.");
    EXPECT_EQ(settings_for("+14155550100").greeting, "America.");
    EXPECT_EQ(settings_for("+33123456789").greeting, "All others.");
}

TEST(Rules, each_key_counts_as_the_most_specific_rule_has_it_that_sets_it) {
    const auto office = settings_for("+49301234567");
    EXPECT_EQ(office.voice.id, "berlin");
    EXPECT_EQ(office.voice.language, "de");
    EXPECT_EQ(office.calls_max, 7u);
    EXPECT_EQ(office.busy_text, "Busy.");
    EXPECT_EQ(settings_for("+14155550100").voice.id, "server");
}

TEST(Rules, what_is_no_number_gets_the_default) {
    for (const std::string_view number : {"", "sip:alice@example.org", "client:bob", "4930", "+49", "anonymous"}) {
        EXPECT_EQ(settings_for(number).greeting, number == "+49" ? "Germany." : "All others.") << number;
    }
}

TEST(Rules, a_beginning_does_not_fit_inside_a_number) {
    EXPECT_EQ(settings_for("+14930123456").greeting, "America.");
}

TEST(Rules, a_rule_stands_on_those_beneath_it) {
    const auto all = rules();
    std::vector<std::string> layers;
    for (const numbers::Rule* const rule : all.beneath(all.all()[0])) layers.push_back(rule->fits);
    EXPECT_EQ(layers, (std::vector<std::string>{"default", "+49*", "+4930*", "+49301234567"}));
    EXPECT_EQ(all.beneath(all.all()[1]).back()->fits, "+4930*");
    EXPECT_EQ(all.beneath(all.all()[3]).size(), 1u);
}

TEST(Rules, without_any_the_server_decides) {
    EXPECT_EQ(numbers::Rules().settings_for("+4930", {.greeting = "Server."}).greeting, "Server.");
}

}  // namespace
