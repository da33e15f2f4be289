#include "call/greeting.hpp"

#include <gtest/gtest.h>

namespace call {
namespace {

const GreetingValues values = {{"name", "Ada"}, {"to", "+15005550006"}, {"odd", "{name}"}};

TEST(Greeting, puts_values_in_their_places) {
    EXPECT_EQ(fill_greeting("Hello {name}, you called {to}.", values), "Hello Ada, you called +15005550006.");
}

TEST(Greeting, leaves_out_what_it_does_not_know) {
    EXPECT_EQ(fill_greeting("Hello {nobody}!", values), "Hello !");
}

TEST(Greeting, doubled_braces_stand_for_braces) {
    EXPECT_EQ(fill_greeting("{{name}} is {{{name}}}", values), "{name} is {Ada}");
}

TEST(Greeting, does_not_look_for_names_inside_values) {
    EXPECT_EQ(fill_greeting("{odd}", values), "{name}");
}

TEST(Greeting, broken_braces_stand_for_themselves) {
    EXPECT_EQ(fill_greeting("a { b", values), "a { b");
    EXPECT_EQ(fill_greeting("a } b", values), "a } b");
    EXPECT_EQ(fill_greeting("{ {name}", values), "{ Ada");
}

TEST(Greeting, is_cut_at_a_whole_word) {
    EXPECT_EQ(fill_greeting("one two three", {}, 9), "one two");
    EXPECT_EQ(fill_greeting("one two three", {}, 8), "one two");
    EXPECT_EQ(fill_greeting("one two three", {}, 7), "one two");
    EXPECT_EQ(fill_greeting("one two three", {}, 6), "one");
    EXPECT_EQ(fill_greeting("one two three", {}, 13), "one two three");
    EXPECT_EQ(fill_greeting("{name}", {{"name", std::string(1'000'000, 'x') + " y"}}, 10), "xxxxxxxxxx");
    EXPECT_EQ(fill_greeting("one", {}, 0), "");
}

TEST(Greeting, is_never_cut_inside_a_character) {
    EXPECT_EQ(fill_greeting("ééé", {}, 3), "é");
}

TEST(Greeting, check_names_the_brace_that_is_wrong) {
    EXPECT_TRUE(check_greeting("Hello {name}, {{really}}, from {to}."));
    EXPECT_TRUE(check_greeting(""));
    EXPECT_NE(check_greeting("Hello {name").error().find("character 7"), std::string::npos);
    EXPECT_NE(check_greeting("Hello {na{me}").error().find("not closed"), std::string::npos);
    EXPECT_NE(check_greeting("Hello {}").error().find("empty"), std::string::npos);
    EXPECT_NE(check_greeting("Hello name}").error().find("character 11"), std::string::npos);
}

}  // namespace
}  // namespace call
