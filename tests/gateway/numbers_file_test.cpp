#include "gateway/numbers_file.hpp"

#include "gateway/warm.hpp"
#include "numbers/rules_file.hpp"
#include "tests/gateway/clip_fixture.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

namespace {

using gateway::NumbersFile;

class NumbersFileTest : public testing::Test {
protected:
    void write(std::string_view text) { std::ofstream(path) << text; }

    test::TemporaryDirectory temporary;
    const std::string path = (temporary / "numbers.toml").string();
    const numbers::CallSettings servers{.greeting = "Server."};
};

TEST_F(NumbersFileTest, without_one_the_server_decides) {
    const NumbersFile none("", servers, false);
    EXPECT_EQ(none.settings_for("+4930")->greeting, "Server.");
    EXPECT_TRUE(none.path().empty());
}

TEST_F(NumbersFileTest, a_mistake_stops_the_start_and_is_named) {
    write("[default]\ngreting = \"x\"\n");
    try {
        const NumbersFile file(path, servers, false);
        FAIL() << "it must not start";
    } catch (const std::runtime_error& refusal) {
        EXPECT_EQ(refusal.what(), "NUMBERS_FILE is wrong.\n" + path +
                                      ":2:1: \"greting\" of \"default\" is no key; did you mean greeting?");
    }
    for (const std::string& unreadable : {std::string("/nonexistent/numbers"), (temporary / ".").string()}) {
        EXPECT_THROW(NumbersFile(unreadable, servers, false), std::runtime_error) << unreadable;
    }
}

TEST_F(NumbersFileTest, is_read_anew_as_a_whole_or_not_at_all) {
    write("[\"+4930\"]\ngreeting = \"One.\"\n");
    NumbersFile file(path, servers, false);
    EXPECT_EQ(file.settings_for("+4930")->greeting, "One.");
    EXPECT_EQ(file.settings_for("+4931")->greeting, "Server.");

    write("[\"+4930\"]\ngreeting = \"Two.\"\n[\"+4931\"]\nmax_calls = 0\n");
    EXPECT_TRUE(file.reload().error().contains(":4:13: max_calls"));
    EXPECT_EQ(file.settings_for("+4930")->greeting, "One.");

    write("[\"+4930\"]\ngreeting = \"Two.\"\n[\"+4931\"]\nmax_calls = 1\n");
    EXPECT_EQ(file.reload(), 2u);
    EXPECT_EQ(file.settings_for("+4930")->greeting, "Two.");
    EXPECT_EQ(file.settings_for("+4931")->calls_max, 1u);
    EXPECT_EQ(file.renewed(), 1u);
    EXPECT_EQ(file.refused(), 1u);
}

TEST_F(NumbersFileTest, recording_wants_a_place_for_recordings) {
    write("[\"+4930\"]\nrecord = true\n[\"+4931\"]\nrecord = false\n");
    EXPECT_TRUE(
        gateway::read_numbers_file(path, false).error().ends_with(":2:10: record of \"+4930\" needs RECORDINGS_DIR"));
    EXPECT_TRUE(gateway::read_numbers_file(path, true)->settings_for("+4930", {}).record);
}

std::vector<std::string> greetings(std::string_view text) {
    std::vector<std::string> all;
    const numbers::CallSettings servers{.greeting = "Server.", .voice = {.id = "v"}};
    for (const auto& phrase : gateway::greetings_of(numbers::read_rules(text).value(), servers)) {
        all.push_back(phrase.voice->id + "|" + phrase.text.reveal());
    }
    return all;
}

using Texts = std::vector<std::string>;

TEST(Greetings, are_those_of_the_rules_each_once_in_its_voice) {
    EXPECT_EQ(greetings("[default]\ngreeting = \"A.\"\n[\"+49*\"]\nvoice_id = \"w\"\n[\"+4930\"]\nmax_calls = 2\n"
                        "[\"+4931\"]\ngreeting = \"B.\"\n"),
              (Texts{"v|A.", "w|A.", "w|B."}));
    EXPECT_EQ(greetings("[\"+49*\"]\nmax_calls = 2\n"), (Texts{"v|Server."}));
    EXPECT_EQ(greetings(""), Texts{});
}

TEST(Greetings, that_differ_from_call_to_call_are_left_out) {
    EXPECT_EQ(greetings("[\"+4930\"]\ngreeting = \"This is {to}.\"\n[\"+4931\"]\ngreeting = \"Hello {from}.\"\n"
                        "[\"+4932*\"]\ngreeting = \"This is {to}.\"\n"),
              (Texts{"v|This is +4930."}));
}

}  // namespace
