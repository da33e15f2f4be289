#include "gateway/call_directory.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using gateway::Aftermath;
using gateway::CallDirectory;
using gateway::CallerKind;
using gateway::Refusal;

const call::Instant now{100s};

gateway::Arrangement plan_saying(const std::string& text) {
    gateway::Arrangement arranged;
    arranged.plan.speech.text = Secret(text);
    return arranged;
}

class CallDirectoryTest : public testing::Test {
protected:
    gateway::Ticket announce(const std::string& call_sid, call::Instant at = now) {
        const auto ticket = directory.announce(call_sid, "AC1", 3, [] { return plan_saying("hello"); }, at);
        EXPECT_TRUE(ticket);
        return *ticket;
    }
    auto admit(const std::string& call_sid, const std::string& token, const std::string& account = "AC1",
               call::Instant at = now) {
        twilio::Started started{
            .stream_sid = "MZ1", .call_sid = call_sid, .account_sid = account, .encoding = {}, .custom_parameters = {}};
        if (!token.empty()) started.custom_parameters = {{"token", token}};
        connection = directory.opened("peer");
        return directory.admit(connection, started, at);
    }

    CallDirectory directory{{.token_required = true, .account_sid = "AC1", .reconnects_max = 2}};
    std::uint64_t connection = 0;
};

TEST_F(CallDirectoryTest, admits_the_announced_call_with_its_token_and_plan) {
    const auto ticket = announce("CA1");
    const auto admitted = admit("CA1", ticket.token.reveal());
    ASSERT_TRUE(admitted && *admitted);
    EXPECT_EQ((*admitted)->plan.speech.text.reveal(), "hello");
    EXPECT_EQ((*admitted)->loop, 3u);
    ASSERT_EQ(directory.streams().size(), 1u);
    EXPECT_EQ(directory.streams()[0].call_sid, "CA1");
}

TEST_F(CallDirectoryTest, a_token_serves_once) {
    const auto ticket = announce("CA1");
    ASSERT_TRUE(admit("CA1", ticket.token.reveal()));
    directory.closed(connection, call::Outcome::completed, now);
    EXPECT_EQ(admit("CA1", ticket.token.reveal()).error(), Refusal::wrong_token);
}

TEST_F(CallDirectoryTest, a_token_serves_its_own_call_and_account_only) {
    const auto ticket = announce("CA1");
    announce("CA2");
    EXPECT_EQ(admit("CA2", ticket.token.reveal()).error(), Refusal::wrong_token);
    EXPECT_EQ(admit("CA3", ticket.token.reveal()).error(), Refusal::wrong_token);
    EXPECT_EQ(admit("CA1", ticket.token.reveal(), "AC2").error(), Refusal::wrong_account);
    EXPECT_EQ(admit("CA1", "").error(), Refusal::no_token);
    EXPECT_TRUE(admit("CA1", ticket.token.reveal())) << "refusals must not use the token up";
}

TEST_F(CallDirectoryTest, admits_by_the_pass_of_another_server_and_once) {
    const auto by_pass = [](std::string_view token) {
        auto ticket =
            std::optional(gateway::Ticket{.token = {}, .plan = plan_saying("from elsewhere").plan, .loop = 1});
        return token == "a pass" ? ticket : std::nullopt;
    };
    const auto arrive = [&](const std::string& call_sid, const std::string& token) {
        connection = directory.opened("peer");
        return directory.admit(connection,
                               {.stream_sid = "MZ1",
                                .call_sid = call_sid,
                                .account_sid = "AC1",
                                .encoding = {},
                                .custom_parameters = {{"token", token}}},
                               now, by_pass);
    };
    EXPECT_EQ(arrive("CA1", "no pass").error(), Refusal::wrong_token);
    const auto admitted = arrive("CA1", "a pass");
    ASSERT_TRUE(admitted && *admitted);
    EXPECT_EQ((*admitted)->plan.speech.text.reveal(), "from elsewhere");
    EXPECT_EQ((*admitted)->loop, 1u);
    directory.closed(connection, call::Outcome::connection_lost, now);
    EXPECT_EQ(arrive("CA1", "a pass").error(), Refusal::wrong_token) << "used up";
}

TEST_F(CallDirectoryTest, a_token_that_was_used_here_is_no_pass_afterwards) {
    const std::string token{announce("CA1").token.reveal()};
    ASSERT_TRUE(admit("CA1", token));
    directory.closed(connection, call::Outcome::completed, now);
    const auto any = [](std::string_view) { return std::optional(gateway::Ticket{}); };
    const twilio::Started again{.stream_sid = "MZ1",
                                .call_sid = "CA1",
                                .account_sid = "AC1",
                                .encoding = {},
                                .custom_parameters = {{"token", token}}};
    EXPECT_EQ(directory.admit(directory.opened("peer"), again, now + 119s, any).error(), Refusal::wrong_token);
}

TEST_F(CallDirectoryTest, a_call_announced_here_too_keeps_its_own_preparation) {
    announce("CA1");  // Twilio asked twice, and was sent to two servers
    const twilio::Started started{.stream_sid = "MZ1",
                                  .call_sid = "CA1",
                                  .account_sid = "AC1",
                                  .encoding = {},
                                  .custom_parameters = {{"token", "the other server's"}}};
    const auto by_pass = [](std::string_view) { return std::optional(gateway::Ticket{}); };
    const auto admitted = directory.admit(directory.opened("peer"), started, now, by_pass);
    ASSERT_TRUE(admitted && *admitted);
    EXPECT_EQ((*admitted)->loop, 3u);
    EXPECT_FALSE(directory.is_announced("CA1"));
}

TEST_F(CallDirectoryTest, a_repeated_webhook_is_the_same_call) {
    const auto first = announce("CA1");
    int plans_made = 0;
    const auto again = directory.announce(
        "CA1", "AC1", 0,
        [&] {
            ++plans_made;
            return plan_saying("other");
        },
        now + 1s);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->token, first.token);
    EXPECT_EQ(plans_made, 0);
    EXPECT_EQ(directory.announced_since(now), 1u);
    EXPECT_TRUE(directory.is_announced("CA1"));
}

TEST_F(CallDirectoryTest, a_ticket_that_nobody_uses_expires) {
    const auto ticket = announce("CA1");
    EXPECT_EQ(admit("CA1", ticket.token.reveal(), "AC1", now + 3min).error(), Refusal::wrong_token);
    EXPECT_EQ(directory.announced_since(now), 0u);
    EXPECT_NE(announce("CA1", now + 4min).token, ticket.token);
}

TEST_F(CallDirectoryTest, a_second_stream_for_a_live_call_is_refused_and_the_first_lives_on) {
    ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
    const auto first = connection;
    EXPECT_EQ(admit("CA1", announce("CA1").token.reveal()).error(), Refusal::call_has_a_stream);
    directory.closed(connection, call::Outcome::refused, now);
    directory.closed(first, call::Outcome::completed, now);
    EXPECT_EQ(directory.aftermath("CA1"), Aftermath::finished) << "the refused socket's end is not the call's";
}

TEST_F(CallDirectoryTest, turns_calls_away_when_there_are_too_many) {
    CallDirectory small({.token_required = false, .account_sid = "", .streams_max = 2});
    const auto plan = [] { return plan_saying("x"); };
    EXPECT_TRUE(small.announce("CA1", "", 0, plan, now));
    EXPECT_TRUE(small.announce("CA2", "", 0, plan, now));
    EXPECT_FALSE(small.announce("CA3", "", 0, plan, now));
    EXPECT_TRUE(small.announce("CA1", "", 0, plan, now)) << "a call that was promised a stream keeps it";
}

TEST_F(CallDirectoryTest, sockets_that_never_say_which_call_they_are_keep_nobody_out) {
    CallDirectory small({.token_required = false, .account_sid = "", .streams_max = 1});
    for (int i = 0; i < 10; ++i) small.opened("idler");
    const auto ticket = small.announce("CA1", "", 0, [] { return plan_saying("x"); }, now);
    ASSERT_TRUE(ticket);
    const twilio::Started started{
        .stream_sid = "MZ1", .call_sid = "CA1", .account_sid = "", .encoding = {}, .custom_parameters = {}};
    EXPECT_TRUE(small.admit(small.opened("caller"), started, now));
}

TEST_F(CallDirectoryTest, without_required_tokens_a_bare_start_is_admitted_without_a_ticket) {
    CallDirectory open({.token_required = false, .account_sid = "AC9"});
    const auto id = open.opened("peer");
    const auto admitted = open.admit(
        id, {.stream_sid = "MZ1", .call_sid = "CA1", .account_sid = "", .encoding = {}, .custom_parameters = {}}, now);
    ASSERT_TRUE(admitted);
    EXPECT_FALSE(*admitted);
}

TEST_F(CallDirectoryTest, a_lost_stream_is_tried_again_so_often_and_then_given_up) {
    for (int attempt = 0; attempt < 3; ++attempt) {
        ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
        directory.closed(connection, call::Outcome::connection_lost, now);
        EXPECT_EQ(directory.aftermath("CA1"), attempt < 2 ? Aftermath::lost : Aftermath::given_up);
    }
}

TEST_F(CallDirectoryTest, a_stream_that_twilio_gave_up_frees_its_call_for_another) {
    ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
    const auto half_dead = connection;
    EXPECT_EQ(directory.aftermath("CA1"), Aftermath::lost);
    ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
    directory.closed(half_dead, call::Outcome::connection_lost, now);
    directory.closed(connection, call::Outcome::completed, now);
    EXPECT_EQ(directory.aftermath("CA1"), Aftermath::finished)
        << "the old socket's end must not overwrite the new one's";
}

TEST_F(CallDirectoryTest, an_unknown_call_is_not_tried_for_ever) {
    EXPECT_EQ(directory.aftermath("CA7"), Aftermath::lost);
    EXPECT_EQ(directory.aftermath("CA7"), Aftermath::lost);
    EXPECT_EQ(directory.aftermath("CA7"), Aftermath::given_up);
}

TEST_F(CallDirectoryTest, remembers_a_bounded_number_of_endings) {
    CallDirectory small({.token_required = false, .account_sid = "", .reconnects_max = 0, .endings_max = 2});
    EXPECT_EQ(small.aftermath("CA1"), Aftermath::given_up);
    small.aftermath("CA2");
    small.aftermath("CA3");
    small.aftermath("CA1");  // forgotten, so counted afresh: must not touch freed memory
    EXPECT_TRUE(small.streams().empty());
}

TEST_F(CallDirectoryTest, knows_the_calls_whose_stream_is_about_to_open) {
    announce("CA1");
    announce("CA2", now + 20s);
    EXPECT_EQ(directory.announced_since(now), 2u);
    EXPECT_EQ(directory.announced_since(now + 10s), 1u) << "one that has not come in time does not come";
    EXPECT_EQ(directory.announced_since(now + 21s), 0u);
    EXPECT_FALSE(directory.is_announced("CA3"));
}

TEST_F(CallDirectoryTest, knows_the_ended_streams_twilio_has_yet_to_ask_about) {
    ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
    EXPECT_FALSE(directory.is_announced("CA1")) << "it has its stream";
    EXPECT_EQ(directory.unasked_since(now), 0u);
    directory.closed(connection, call::Outcome::completed, now + 5s);
    EXPECT_EQ(directory.unasked_since(now + 5s), 1u);
    EXPECT_EQ(directory.unasked_since(now + 6s), 0u) << "it never asks";
    directory.aftermath("CA1");
    EXPECT_EQ(directory.unasked_since(now), 0u);
}

TEST_F(CallDirectoryTest, nobody_asks_about_a_caller_who_hung_up_or_a_stream_we_did_not_announce) {
    ASSERT_TRUE(admit("CA1", announce("CA1").token.reveal()));
    directory.closed(connection, call::Outcome::caller_hung_up, now);
    CallDirectory open({.token_required = false, .account_sid = ""});
    const auto id = open.opened("peer");
    ASSERT_TRUE(open.admit(
        id, {.stream_sid = "MZ1", .call_sid = "CA2", .account_sid = "", .encoding = {}, .custom_parameters = {}}, now));
    open.closed(id, call::Outcome::completed, now);
    EXPECT_EQ(directory.unasked_since(now) + open.unasked_since(now), 0u);
}

// A browser's sockets are not signed: its token is all that speaks for it.
class BrowserCallTest : public testing::Test {
protected:
    explicit BrowserCallTest(bool token_required = true)
        : directory({.token_required = token_required, .account_sid = "AC1"}) {}

    std::string announce(CallerKind caller) {
        const auto make_plan = [] { return plan_saying("hello"); };
        return directory.announce("CA1", "AC1", 0, make_plan, now, caller)->token.reveal();
    }
    auto admit(CallerKind socket, const std::string& token) {
        twilio::Started started{
            .stream_sid = "MZ1", .call_sid = "CA1", .account_sid = "AC1", .encoding = {}, .custom_parameters = {}};
        if (!token.empty()) started.custom_parameters = {{"token", token}};
        return directory.admit(directory.opened("peer", socket), started, now);
    }

    CallDirectory directory;
};

TEST_F(BrowserCallTest, is_admitted_with_its_token_once) {
    const auto token = announce(CallerKind::browser);
    EXPECT_TRUE(admit(CallerKind::browser, token));
    EXPECT_EQ(admit(CallerKind::browser, token).error(), Refusal::wrong_token);
}

TEST_F(BrowserCallTest, a_browser_cannot_take_over_a_call_of_twilios) {
    const auto token = announce(CallerKind::twilio);
    EXPECT_EQ(admit(CallerKind::browser, token).error(), Refusal::wrong_token);
    EXPECT_TRUE(admit(CallerKind::twilio, token));
}

TEST_F(BrowserCallTest, nor_the_other_way_round) {
    const auto token = announce(CallerKind::browser);
    EXPECT_EQ(admit(CallerKind::twilio, token).error(), Refusal::wrong_token);
}

TEST_F(BrowserCallTest, a_pass_of_another_server_is_none_to_a_browser) {
    const twilio::Started started{.stream_sid = "MZ1",
                                  .call_sid = "CA2",
                                  .account_sid = "AC1",
                                  .encoding = {},
                                  .custom_parameters = {{"token", "a pass"}}};
    const auto any = [](std::string_view) { return std::optional(gateway::Ticket{}); };
    const auto socket = directory.opened("peer", CallerKind::browser);
    EXPECT_EQ(directory.admit(socket, started, now, any).error(), Refusal::wrong_token);
}

class BrowserCallWithoutAuthTokenTest : public BrowserCallTest {
protected:
    BrowserCallWithoutAuthTokenTest() : BrowserCallTest(false) {}
};

TEST_F(BrowserCallWithoutAuthTokenTest, needs_its_token_all_the_same) {
    const auto token = announce(CallerKind::browser);
    EXPECT_EQ(admit(CallerKind::browser, "").error(), Refusal::no_token);
    EXPECT_EQ(admit(CallerKind::twilio, "").error(), Refusal::wrong_token);
    EXPECT_TRUE(admit(CallerKind::browser, token));
}

}  // namespace
