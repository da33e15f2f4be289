#include "gateway/call_lists.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

namespace json = boost::json;
using gateway::OrderAnswer;
using gateway::read_selection;

// A minute past noon is at(1).
std::string at(int minute) {
    return fmt::format("2026-11-26T12:{:02}:00.000Z", minute);
}

std::string call_json(const std::string& sid, const std::string& state, int created, int ended = -1) {
    const std::string end = ended < 0 ? "null" : fmt::format(R"("{}")", at(ended));
    return fmt::format(R"({{"call_sid":"{}","state":"{}","created_at":"{}","ended_at":{}}})", sid, state, at(created),
                       end);
}

OrderAnswer told(const std::string& from, const std::string& body, int status = 200) {
    return {.number = 1, .from = from, .status = status, .retry_after = {}, .body = body};
}

OrderAnswer list_from(const std::string& from, const std::vector<std::string>& calls) {
    std::string all;
    for (const std::string& call : calls) all += (all.empty() ? "" : ",") + call;
    return told(from, R"({"calls":[)" + all + "]}");
}

std::string summary(const json::array& calls) {
    std::string text;
    for (const json::value& call : calls)
        text += fmt::format("{}@{} ", std::string(call.at("call_sid").as_string()),
                            std::string(call.at("instance").as_string()));
    return text;
}

TEST(CallLists, are_merged_the_latest_first_each_call_with_its_server) {
    const std::vector lists{list_from("a", {call_json("CA3", "open", 3), call_json("CA1", "ended", 1, 2)}),
                            list_from("b", {call_json("CA2", "open", 2)}), list_from("c", {})};
    EXPECT_EQ(summary(gateway::merged_calls(lists, 100)), "CA3@a CA2@b CA1@a ");
    EXPECT_EQ(summary(gateway::merged_calls(lists, 2)), "CA3@a CA2@b ");
}

TEST(CallLists, of_one_call_on_two_servers_the_latest_news_counts) {
    const auto of_two = [](const std::string& one, const std::string& other) {
        const std::string forth = summary(gateway::merged_calls({list_from("a", {one}), list_from("b", {other})}, 9));
        const std::string back = summary(gateway::merged_calls({list_from("b", {other}), list_from("a", {one})}, 9));
        EXPECT_EQ(forth, back);
        return forth;
    };
    EXPECT_EQ(of_two(call_json("CA1", "ended", 1, 9), call_json("CA1", "open", 5)), "CA1@b ") << "rescued";
    EXPECT_EQ(of_two(call_json("CA1", "ended", 1, 4), call_json("CA1", "waiting", 5)), "CA1@b ") << "being rescued";
    EXPECT_EQ(of_two(call_json("CA1", "ended", 1, 9), call_json("CA1", "waiting", 5)), "CA1@a ")
        << "a late word of it has come to another server";
}

TEST(CallLists, what_is_no_list_of_calls_is_passed_over) {
    const std::vector lists{told("a", "{"),
                            told("b", "[]"),
                            told("c", R"({"calls":7})"),
                            told("d", R"({"calls":[7,{},{"call_sid":8},{"call_sid":"CA9"}]})"),
                            told("e", R"({"detail":"No."})", 500),
                            list_from("f", {call_json("CA1", "open", 1)})};
    EXPECT_EQ(summary(gateway::merged_calls(lists, 9)), "CA1@f CA9@d ");
}

TEST(CallLists, the_latest_page_of_a_call_is_found) {
    const std::vector pages{told("a", R"({"detail":"No such call."})", 404), told("b", call_json("CA1", "waiting", 5)),
                            told("c", call_json("CA1", "ended", 1, 9))};
    const OrderAnswer* const latest = gateway::latest_page(pages);
    ASSERT_NE(latest, nullptr);
    EXPECT_EQ(latest->from, "c");
    EXPECT_EQ(gateway::latest_page({pages[0]}), nullptr);
}

TEST(CallLists, a_selection_is_read_or_refused_with_a_reason) {
    EXPECT_TRUE(read_selection("")->of_all);
    EXPECT_FALSE(read_selection("instances=this")->of_all);
    EXPECT_EQ(read_selection("limit=7&state=open")->limit, 7u);
    EXPECT_EQ(read_selection("instances=none").error(), "instances must be one of: all, this.");
    EXPECT_FALSE(read_selection("limit=0"));
    EXPECT_FALSE(read_selection("limit=1001"));
    EXPECT_FALSE(read_selection("state=odd"));
}

}  // namespace
