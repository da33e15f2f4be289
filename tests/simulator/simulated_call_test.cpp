#include "simulator/simulated_call.hpp"

#include "net/http_server.hpp"
#include "simulator/loop_until.hpp"
#include "twilio/signature.hpp"
#include "twilio/stream_message.hpp"
#include "twilio/twiml.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace simulator {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> tone(std::chrono::milliseconds length) {
    std::vector<std::byte> mulaw(audio::bytes_in(length));
    for (std::size_t i = 0; i < mulaw.size(); ++i) mulaw[i] = std::byte(i % 2 == 0 ? 0x90 : 0x10);
    return mulaw;
}

// A server whose stream does what the test says. It owns nothing but one stream at a time.
class Server : private net::WebSocket::Handler {
public:
    explicit Server(net::EventLoop& loop)
        : loop_(loop), http_(loop, loopback(), [this](const auto& exchange) { answer(exchange); }) {
        EXPECT_TRUE(http_.listen(0));
        pages["/voice"] = http::xml(twilio::connect_stream(
            {.url = "wss://" + authority() + "/stream", .action_url = "/ended", .parameters = {}}));
        pages["/ended"] = http::xml(twilio::hang_up());
    }

    std::string authority() const { return "127.0.0.1:" + std::to_string(http_.port()); }
    void say(std::chrono::milliseconds length) {
        std::string text;
        twilio::append_media(text, stream_sid, tone(length));
        socket->send_text(text);
    }
    void mark(std::string_view name) {
        std::string text;
        twilio::append_mark(text, stream_sid, name);
        socket->send_text(text);
    }

    std::map<std::string, http::Response> pages;
    std::set<std::string> silent;
    std::vector<http::Request> requests;
    std::vector<std::shared_ptr<net::Exchange>> unanswered;
    std::function<void()> on_request = [] {};
    std::function<void()> on_start = [] {};
    std::function<void(const twilio::InboundMessage&)> on_message = [](const auto&) {};
    std::string stream_sid;
    std::optional<std::uint16_t> closed_with;
    std::size_t media = 0, stops = 0;
    std::vector<std::string> marks;
    std::unique_ptr<net::WebSocket> socket;

private:
    static net::HttpServer::Options loopback() {
        net::HttpServer::Options options;
        options.host = "127.0.0.1";
        return options;
    }

    void answer(const std::shared_ptr<net::Exchange>& exchange) {
        requests.push_back(exchange->request());
        on_request();
        const std::string path(exchange->request().path());
        if (silent.contains(path)) return unanswered.push_back(exchange);
        if (path == "/stream") {
            auto upgraded = exchange->upgrade();
            ASSERT_TRUE(upgraded);
            socket = std::make_unique<net::WebSocket>(std::move(upgraded->connection), net::WebSocket::Options{},
                                                      static_cast<net::WebSocket::Handler&>(*this));
            socket->start(upgraded->early);
            return;
        }
        exchange->answer(pages.contains(path) ? pages[path] : http::error(404, "no such page"));
    }

    void on_text(std::string_view text) override {
        auto message = parser_.parse(text);
        ASSERT_TRUE(message) << text;
        if (const auto* started = std::get_if<twilio::Started>(&*message)) {
            stream_sid = started->stream_sid;
            on_start();
        }
        media += std::holds_alternative<twilio::Media>(*message);
        stops += std::holds_alternative<twilio::Stopped>(*message);
        if (const auto* mark = std::get_if<twilio::Mark>(&*message)) marks.push_back(mark->name);
        on_message(*message);
    }
    void on_binary(std::span<const char>) override { FAIL(); }
    void on_closed(std::uint16_t code, std::string_view) override { closed_with = code; }

    net::EventLoop& loop_;
    twilio::StreamMessageParser parser_;
    net::HttpServer http_;
};

class SimulatedCallTest : public testing::Test {
protected:
    CallPlan plan() {
        CallPlan plan;
        plan.caller = {.account_sid = "AC1",
                       .call_sid = "CA1",
                       .from = "+14155550100",
                       .to = "+14155550199",
                       .auth_token = Secret("12345")};
        plan.webhook = *parse_address("http://" + server.authority() + "/voice");
        plan.route = Route(plan.webhook, true);
        plan.patience.after_mark = 50ms;
        plan.patience.without_mark = 300ms;
        plan.patience.for_first_word = 1s;
        return plan;
    }
    CallReport call(CallPlan plan) {
        std::optional<CallReport> report;
        SimulatedCall call({loop, client, nullptr, frames, random}, std::move(plan),
                           [&](CallReport done) { report = std::move(done); });
        call.start();
        EXPECT_TRUE(test::run_until(loop, [&] { return report.has_value(); }));
        return report ? std::move(*report) : CallReport{};
    }

    CallReport call_asking(std::string_view how) {
        server.requests.clear();
        auto asking = plan();
        asking.webhook = *parse_address(asking.webhook.text().append("#").append(how));
        return call(asking);
    }

    net::EventLoop loop;
    net::HttpClient client{loop, {}};
    FrameCheck frames;
    std::mt19937_64 random{1};
    Server server{loop};
};

TEST_F(SimulatedCallTest, hears_the_message_and_hangs_up_after_its_mark) {
    server.on_start = [&] {
        server.say(200ms);
        server.mark("end");
    };
    const auto report = call(plan());
    ASSERT_EQ(report.streams.size(), 1u);
    const auto& stream = report.streams[0];
    EXPECT_TRUE(report.flawless()) << describe(report);
    EXPECT_EQ(stream.end, StreamEnd::caller_hung_up);
    EXPECT_EQ(stream.ear.recording(), tone(200ms));
    EXPECT_EQ(stream.ear.marks_reached(), 1u);
    EXPECT_EQ(server.marks, std::vector<std::string>{"end"});
    EXPECT_EQ(server.stops, 1u);
    EXPECT_GE(server.media, 5u);
    EXPECT_TRUE(test::run_until(loop, [&] { return server.closed_with.has_value(); }));
    EXPECT_EQ(server.closed_with, 1000);
    EXPECT_EQ(report.steps, std::vector<std::string>{"Connect"});
    EXPECT_TRUE(server.requests.back().path() == "/ended");
    EXPECT_TRUE(server.requests.back().body.contains("CallStatus=completed"));
}

TEST_F(SimulatedCallTest, opens_the_stream_when_the_phone_has_rung_long_enough) {
    server.on_start = [&] {
        server.say(20ms);
        server.mark("end");
    };
    auto ringing = plan();
    ringing.stream_after = 120ms;
    const auto report = call(ringing);
    ASSERT_EQ(report.streams.size(), 1u);
    EXPECT_GE(*report.streams[0].webhook_to_start, 120ms);
    EXPECT_LT(*report.streams[0].start_to_first_audio, *report.streams[0].webhook_to_first_audio - 119ms);
}

TEST_F(SimulatedCallTest, signs_webhook_upgrade_and_action_as_twilio_does) {
    server.on_start = [&] { server.socket->close(1000, ""); };
    call(plan());
    ASSERT_EQ(server.requests.size(), 3u);
    const Secret token("12345");
    for (const std::size_t i : {0U, 2U}) {
        const auto& request = server.requests[i];
        const auto fields = encoding::parse_form(request.body);
        EXPECT_TRUE(twilio::verify_webhook(token, "http://" + server.authority() + request.target, *fields,
                                           request.header("X-Twilio-Signature")));
        EXPECT_EQ(request.header("User-Agent").empty(), false);
        EXPECT_FALSE(request.header("I-Twilio-Idempotency-Token").empty());
        EXPECT_EQ(encoding::find(*fields, "CallSid"), "CA1");
        EXPECT_EQ(encoding::find(*fields, "CallStatus"), i == 0 ? "ringing" : "in-progress");
        EXPECT_EQ(encoding::find(*fields, "FromCity"), "");
    }
    const auto& upgrade = server.requests[1];
    EXPECT_TRUE(
        twilio::verify_upgrade(token, "wss://" + server.authority() + "/stream", upgrade.header("x-twilio-signature")));
    EXPECT_EQ(upgrade.header("User-Agent"), "Twilio.TmeWs/1.0");
    EXPECT_EQ(upgrade.header("Origin"), "");
    EXPECT_EQ(upgrade.header("Sec-WebSocket-Extensions"), "");
}

TEST_F(SimulatedCallTest, can_sign_the_upgrade_wrongly_or_not_at_all) {
    server.on_start = [&] { server.socket->close(1000, ""); };
    const auto signature_of = [&](SignatureMode mode) {
        auto with_mode = plan();
        with_mode.stream_signature = mode;
        server.requests.clear();
        call(with_mode);
        return std::string(server.requests.at(1).header("x-twilio-signature"));
    };
    const std::string url = "wss://" + server.authority() + "/stream";
    EXPECT_EQ(signature_of(SignatureMode::slash), twilio::sign(Secret("12345"), url + "/", {}));
    EXPECT_FALSE(twilio::verify_upgrade(Secret("12345"), url, signature_of(SignatureMode::wrong)));
    EXPECT_EQ(signature_of(SignatureMode::absent), "");
}

TEST_F(SimulatedCallTest, hears_a_gap_when_the_server_is_late) {
    net::Timer late(loop.timers(), [&] {
        server.say(100ms);
        server.mark("end");
    });
    server.on_start = [&] {
        server.say(100ms);
        late.arm(loop.now() + 200ms);
    };
    const auto report = call(plan());
    ASSERT_EQ(report.gaps(), 1u) << describe(report);
    EXPECT_EQ(report.streams[0].ear.gaps()[0].position, 100ms);
    EXPECT_GE(report.streams[0].ear.gaps()[0].length, 80ms);
    EXPECT_FALSE(report.flawless());
}

TEST_F(SimulatedCallTest, warns_once_of_frames_twilio_would_not_understand) {
    server.on_start = [&] {
        server.socket->send_text(R"({"event":"media","media":{"payload":"AAAA"}})");
        server.socket->send_text("{}");
        server.socket->send_binary("x");
        server.say(20ms);
        server.mark("end");
    };
    const auto report = call(plan());
    EXPECT_EQ(report.streams.at(0).bad_frames, 3u);
    ASSERT_EQ(report.notices.size(), 2u);
    EXPECT_EQ(report.notices[0].code, 31951);
    EXPECT_EQ(report.notices[1].code, 31950);
    EXPECT_EQ(report.streams[0].ear.heard(), 20ms);
}

TEST_F(SimulatedCallTest, follows_the_action_when_the_server_closes_the_stream) {
    server.on_start = [&] {
        server.say(5s);
        server.socket->close(1011, "broken");
    };
    server.pages["/ended"] = http::xml(twilio::say_and_hang_up("Sorry"));
    const auto report = call(plan());
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::server_closed);
    EXPECT_EQ(report.streams[0].close_code, 1011);
    ASSERT_GE(report.notices.size(), 2u);
    EXPECT_EQ(report.notices[0].code, 31921);
    EXPECT_EQ(report.notices[1].code, 0) << "audio was cut off: " << report.notices[1].text;
    EXPECT_EQ(report.spoken, std::vector<std::string>{"Sorry"});
    EXPECT_EQ(report.outcome, Outcome::completed);
}

TEST_F(SimulatedCallTest, notices_a_stream_that_breaks_or_never_opens) {
    server.on_start = [&] { server.socket->reset(); };
    auto report = call(plan());
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::lost);
    EXPECT_EQ(report.notices.at(0).code, 31903);

    server.pages["/voice"] = http::xml(twilio::connect_stream(
        {.url = "wss://" + server.authority() + "/nowhere", .action_url = "", .parameters = {}}));
    report = call(plan());
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::not_opened);
    EXPECT_EQ(report.notices.at(0).code, 31920);
    EXPECT_EQ(report.outcome, Outcome::completed);
    EXPECT_FALSE(report.flawless());
}

TEST_F(SimulatedCallTest, a_useless_webhook_is_an_application_error_unless_there_is_a_fallback) {
    const std::pair<http::Response, int> useless[] = {{http::error(500, "x"), 11217},
                                                      {http::json("{}"), 12300},
                                                      {http::xml("<Response>"), 12100},
                                                      {http::xml(std::string(70'000, 'x')), 11750}};
    for (const auto& [answer, expected] : useless) {
        server.pages["/voice"] = answer;
        auto report = call(plan());
        EXPECT_EQ(report.outcome, Outcome::application_error);
        EXPECT_EQ(report.notices.at(0).code, expected);

        server.pages["/fallback"] = http::xml(twilio::say_and_hang_up("Fallback"));
        auto with_fallback = plan();
        with_fallback.fallback = resolve(with_fallback.webhook, "/fallback");
        report = call(with_fallback);
        EXPECT_EQ(report.spoken, std::vector<std::string>{"Fallback"});
        EXPECT_TRUE(server.requests.back().body.contains("ErrorCode=" + std::to_string(expected)));
    }
}

TEST_F(SimulatedCallTest, asks_again_where_the_url_says_so) {
    server.pages["/voice"] = http::error(502, "x");
    auto report = call_asking("");
    EXPECT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(report.outcome, Outcome::application_error);
    report = call_asking("rc=2&rp=5xx");
    EXPECT_EQ(server.requests.size(), 3u);
    EXPECT_EQ(report.notices.at(0), (Notice{0, "had to be asked 2 times more"}));
    EXPECT_EQ(report.notices.at(1).code, 11217);
    EXPECT_EQ(server.requests[0].header("i-twilio-idempotency-token"),
              server.requests[2].header("i-twilio-idempotency-token"));
    EXPECT_EQ(server.requests[0].header("x-twilio-signature"), server.requests[2].header("x-twilio-signature"));

    server.on_request = [&] {
        if (server.requests.size() == 2) server.pages["/voice"] = http::xml(twilio::say_and_hang_up("At last"));
    };
    report = call_asking("rc=3&rp=all");
    EXPECT_EQ(report.notices.size(), 1u) << "what was made up for is told too";
    EXPECT_EQ(report.spoken, std::vector<std::string>{"At last"});
    EXPECT_EQ(report.outcome, Outcome::completed);
}

TEST_F(SimulatedCallTest, asks_again_where_nothing_comes) {
    server.silent = {"/voice"};
    auto report = call_asking("rt=100");
    EXPECT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(report.notices.at(0).code, 11205);
    report = call_asking("rt=100&rc=2&rp=rt");
    EXPECT_EQ(server.requests.size(), 3u);
    EXPECT_EQ(report.outcome, Outcome::application_error);
    report = call_asking("rt=100&rc=5&rp=rt&tt=150");
    EXPECT_LE(server.requests.size(), 2u) << "not longer than the whole may take";
}

TEST_F(SimulatedCallTest, hangs_up_resets_or_goes_silent_in_the_middle_when_asked_to) {
    server.on_start = [&] { server.say(5s); };
    auto hanging_up = plan();
    hanging_up.trouble.hang_up_after = 150ms;
    auto report = call(hanging_up);
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::caller_hung_up);
    EXPECT_GE(*report.streams[0].start_to_first_audio + report.streams[0].ear.heard(), 140ms);
    EXPECT_LE(report.streams[0].ear.heard(), 2s);
    EXPECT_EQ(server.stops, 1u);

    auto resetting = plan();
    resetting.trouble.reset_after = 100ms;
    server.closed_with.reset();
    report = call(resetting);
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::dropped_by_caller);
    EXPECT_TRUE(test::run_until(loop, [&] { return server.closed_with.has_value(); }));
    EXPECT_EQ(server.closed_with, 1006);
    EXPECT_EQ(server.stops, 1u) << "a broken connection says no farewell";

    auto half_open = plan();
    half_open.trouble.half_open_after = 100ms;
    half_open.patience.hold = 400ms;
    const auto media_before = server.media;
    report = call(half_open);
    EXPECT_EQ(report.streams.at(0).end, StreamEnd::dropped_by_caller);
    EXPECT_LE(server.media, media_before + 1);
}

TEST_F(SimulatedCallTest, breaks_only_the_first_stream_so_that_one_hears_what_the_server_makes_of_it) {
    server.pages["/ended"] = server.pages["/voice"];
    server.on_start = [&] {
        server.say(300ms);
        server.mark("end");
    };
    auto broken_once = plan();
    broken_once.trouble.reset_after = 100ms;
    const auto report = call(broken_once);
    ASSERT_EQ(report.streams.size(), 2u);
    EXPECT_EQ(report.streams[0].end, StreamEnd::dropped_by_caller);
    EXPECT_EQ(report.streams[1].end, StreamEnd::caller_hung_up);
    EXPECT_EQ(report.streams[1].ear.recording(), tone(300ms));
    EXPECT_NE(report.streams[0].stream_sid, report.streams[1].stream_sid);
}

TEST_F(SimulatedCallTest, follows_redirects_but_not_for_ever) {
    server.pages["/voice"] = http::xml("<Response><Redirect>/voice</Redirect></Response>");
    const auto report = call(plan());
    EXPECT_EQ(report.outcome, Outcome::application_error);
    EXPECT_EQ(server.requests.size(), 20u);
}

TEST_F(SimulatedCallTest, tells_the_status_callback_when_it_is_over) {
    server.pages["/voice"] = http::xml(twilio::reject_busy());
    auto with_callback = plan();
    with_callback.status_callback = resolve(with_callback.webhook, "/status");
    const auto report = call(with_callback);
    EXPECT_EQ(report.outcome, Outcome::rejected);
    EXPECT_EQ(report.notices.at(0).code, 15003) << "there is no such page";
    EXPECT_TRUE(server.requests.back().body.contains("CallDuration="));
}

}  // namespace
}  // namespace simulator
