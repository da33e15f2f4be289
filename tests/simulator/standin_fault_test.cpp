#include "simulator/standin_fault.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace simulator {
namespace {

// Otherwise a table of faults would count one twice.
TEST(Faults, no_two_do_the_same) {
    std::set<std::string_view> names;
    std::set<std::tuple<HttpEffect, int, std::string_view, std::string_view>> on_http;
    std::set<std::tuple<SocketEffect, std::uint16_t, std::string_view, int, std::string_view>> on_websocket;
    for (const Fault& fault : all_faults()) {
        EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
        const bool told = fault.http == HttpEffect::refuse || fault.http == HttpEffect::other_body;
        EXPECT_TRUE(
            on_http
                .insert({fault.http, told ? fault.status : 0, told ? fault.content_type : "", told ? fault.body : ""})
                .second)
            << fault.name;
        const bool by_status = fault.socket == SocketEffect::refuse_upgrade;
        const bool by_body = fault.socket == SocketEffect::other_text;
        EXPECT_TRUE(on_websocket
                        .insert({fault.socket, fault.close_code, fault.error, by_status ? fault.status : 0,
                                 by_body ? fault.body : ""})
                        .second)
            << fault.name;
        EXPECT_FALSE(described_on_http(fault).empty()) << fault.name;
        EXPECT_FALSE(described_on_websocket(fault).empty()) << fault.name;
    }
}

ArmedFault armed(const char* name, std::size_t after_bytes, std::optional<std::size_t> times, std::string text = {}) {
    return {.fault = find_fault(name), .after_bytes = after_bytes, .times = times, .match_text = std::move(text)};
}

TEST(FaultSwitches, are_taken_oldest_first_and_as_often_as_asked_for) {
    FaultSwitches switches;
    switches.arm(armed("500", 0, 2, "hello"));
    switches.arm(armed("503", 0, std::nullopt));
    EXPECT_EQ(switches.take("hello")->fault->name, "500");
    EXPECT_EQ(switches.take("good-bye")->fault->name, "503");
    EXPECT_EQ(switches.take("hello there")->fault->name, "500");
    EXPECT_EQ(switches.take("hello")->fault->name, "503");
    switches.reset();
    EXPECT_FALSE(switches.take("hello"));
}

TEST(FaultSwitches, upgrades_take_what_concerns_them_and_is_due) {
    FaultSwitches switches;
    switches.arm(armed("500", 0, 1));
    switches.arm(armed("502_html", 0, 1, "some text"));
    switches.arm(armed("502_html", 8'000, 1));
    EXPECT_FALSE(switches.take_for_upgrade());
    switches.arm(armed("hang_before_headers", 0, 1));
    EXPECT_EQ(switches.take_for_upgrade()->fault->name, "hang_before_headers");
    EXPECT_FALSE(switches.take_for_upgrade());
}

TEST(FaultSwitches, what_is_postponed_once_waits_for_the_same_text) {
    FaultSwitches switches;
    switches.arm(armed("unknown_voice", 4'000, 1));
    const auto taken = switches.take("hello");
    const ArmedFault now = switches.postpone(*taken, "hello");
    EXPECT_EQ(now.fault->http, HttpEffect::cut);
    EXPECT_EQ(now.fault->socket, SocketEffect::drop);
    EXPECT_EQ(now.after_bytes, 4'000U);
    EXPECT_FALSE(switches.take("good-bye"));
    const auto met = switches.take("hello");
    ASSERT_TRUE(met);
    EXPECT_EQ(met->after_bytes, 0U);
    EXPECT_FALSE(switches.take("hello"));
}

TEST(FaultSwitches, what_is_postponed_and_strikes_always_meets_everybody) {
    FaultSwitches switches;
    switches.arm(armed("unknown_voice", 4'000, std::nullopt, "hello"));
    switches.postpone(*switches.take("hello"), "hello");
    for (const char* text : {"good-bye", "hello"}) {
        const auto met = switches.take(text);
        ASSERT_TRUE(met);
        EXPECT_EQ(met->after_bytes, 0U);
    }
    EXPECT_EQ(switches.armed().size(), 1U);
}

}  // namespace
}  // namespace simulator
