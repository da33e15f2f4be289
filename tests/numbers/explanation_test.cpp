#include "numbers/explanation.hpp"

#include "numbers/rules_file.hpp"

#include <gtest/gtest.h>

namespace {

numbers::Rules rules() {
    return numbers::read_rules(R"([default]
after_speech = "hangup"

["+49*"]
language_code = "de"

["+4930"]
greeting = "Guten Tag."
max_calls = 2
)")
        .value();
}

const numbers::CallSettings servers{.greeting = "Hello.", .voice = {.id = "v1", .model = "m1"}, .busy_text = "Busy."};

TEST(Explanation, tells_what_every_rule_comes_to_and_why) {
    const std::string text = numbers::explain(rules(), servers, "n.toml");
    EXPECT_TRUE(text.starts_with("n.toml: 3 rules, nothing is wrong.\n")) << text;
    EXPECT_TRUE(
        text.contains("\n[\"+4930\"]  # line 7\n"
                      "  greeting = \"Guten Tag.\"  # line 8, [\"+4930\"]\n"
                      "  language_code = \"de\"  # line 5, [\"+49*\"]\n"
                      "  after_speech = \"hangup\"  # line 2, [default]\n"
                      "  max_calls = 2  # line 9, [\"+4930\"]\n"
                      "\n"))
        << text;
    EXPECT_TRUE(
        text.contains("\nWhere no rule has a say\n"
                      "  greeting = \"Hello.\"  # the server's GREETING\n"
                      "  voice_id = \"v1\"  # the server's VOICE_ID\n"))
        << text;
    EXPECT_FALSE(text.contains("the server's MAX_CALLS")) << "that limit is of all numbers together";
}

TEST(Explanation, tells_which_rules_fit_a_number) {
    const std::string text = numbers::explain_number(rules(), servers, "n.toml", "+4930");
    EXPECT_TRUE(
        text.contains("+4930 is fitted by\n"
                      "  [\"+4930\"]  # line 7, counts most\n"
                      "  [\"+49*\"]  # line 4\n"
                      "  [default]  # line 1\n"))
        << text;
    EXPECT_TRUE(text.contains("  voice_id = \"v1\"  # the server's VOICE_ID\n")) << text;
    EXPECT_TRUE(text.contains("  greeting = \"Guten Tag.\"  # line 8, [\"+4930\"]\n")) << text;
    EXPECT_TRUE(numbers::explain_number(numbers::Rules(), servers, "n.toml", "+1").contains("  no rule\n"));
}

}  // namespace
