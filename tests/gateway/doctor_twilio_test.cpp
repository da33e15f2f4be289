#include "gateway/doctor_twilio.hpp"

#include "gateway/routes.hpp"
#include "gateway/webhook.hpp"
#include "net/http_server.hpp"
#include "tests/gateway/doctor_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::Findings;
using gateway::Verdict;
using test::expect;

const std::string prefix(gateway::api_prefix);
const Secret token("0123456789abcdef0123456789abcdef");

class DoctorTwilioTest : public test::DoctorTest {
protected:
    DoctorTwilioTest() {
        options.auth_token = token;
        options.account_sid = "AC0123456789abcdef0123456789abcdef";
        options.public_url = "https://phone.example.org";
    }
    Findings settings() const { return gateway::examine_twilio_settings(options); }
};

TEST_F(DoctorTwilioTest, names_the_address_that_has_to_be_entered_at_twilio) {
    const auto findings = settings();
    for (const auto& finding : findings) expect(finding, Verdict::ok);
    expect(of(findings, "signature"), Verdict::ok, "https://phone.example.org/api/v1/elevenlabs-twilio/call/incoming");
    for (const auto& finding : findings) EXPECT_FALSE(finding.says.contains(token.reveal()));
}

TEST_F(DoctorTwilioTest, knows_the_forms_of_token_and_account_sid) {
    for (const char* wrong :
         {"", "0123456789abcdef", "0123456789abcdef0123456789abcdeg", "\"0123456789abcdef0123456789abcdef\""}) {
        options.auth_token = Secret(wrong);
        const auto finding = of(settings(), "auth token");
        expect(finding, Verdict::problem, "TWILIO_AUTH_TOKEN");
        EXPECT_TRUE(*wrong == '\0' || !finding.says.contains(wrong));
    }
    for (const char* wrong : {"AC123", "SK0123456789abcdef0123456789abcdef", "AC0123456789abcdef0123456789abcdeX"}) {
        options.account_sid = wrong;
        expect(of(settings(), "account SID"), Verdict::problem, "TWILIO_ACCOUNT_SID");
    }
    options.account_sid.clear();
    expect(of(settings(), "account SID"), Verdict::ok, "any account");
}

TEST_F(DoctorTwilioTest, cannot_tell_about_signatures_without_token_or_address) {
    options.auth_token = {};
    expect(of(settings(), "signature"), Verdict::cannot_tell, "token");
    options.auth_token = token;
    options.public_url.clear();
    expect(of(settings(), "signature"), Verdict::cannot_tell, "URL");
    Findings findings = gateway::examine_public_url(fetcher, options, std::nullopt);
    ASSERT_EQ(findings.size(), 1u);
    expect(findings[0], Verdict::cannot_tell, "WEBHOOK_BASE_URL");
}

// The public URL leads to a scripted server: a proxy, or something else altogether.
class DoctorPublicUrlTest : public DoctorTwilioTest {
protected:
    DoctorPublicUrlTest() {
        options.public_url = server.url("");
        answer(prefix + "/test", "200 OK", R"({"status":"healthy","elevenlabs_configured":true,"instance":"abc"})");
        answer(prefix + "/call/ended", "200 OK", "<Response><Hangup/></Response>", "text/xml");
    }
    Findings examine(std::optional<std::string> running_here = "abc") {
        return gateway::examine_public_url(fetcher, options, running_here);
    }
};

TEST_F(DoctorPublicUrlTest, wants_https) {
    expect(of(examine(), "public URL"), Verdict::problem, "wss://");
    options.public_url = "https://127.0.0.1:1";
    expect(of(examine(), "public URL"), Verdict::ok);
}

TEST_F(DoctorPublicUrlTest, compares_who_answers_with_who_runs_here) {
    expect(of(examine("abc"), "way in"), Verdict::ok, "this machine");
    expect(of(examine("xyz"), "way in"), Verdict::cannot_tell, "load balancer");
    expect(of(examine(std::nullopt), "way in"), Verdict::cannot_tell, "none runs here");
}

TEST_F(DoctorPublicUrlTest, says_what_answers_instead_of_us) {
    const auto way_in = [&](const std::string& status, const std::string& body = "<html>") {
        answer(prefix + "/test", status, body, "text/html");
        const auto findings = examine();
        expect(of(findings, "webhook"), Verdict::cannot_tell);
        expect(of(findings, "stream"), Verdict::cannot_tell);
        return of(findings, "way in");
    };
    expect(way_in("200 OK"), Verdict::problem, "Something else");
    expect(way_in("200 OK", R"({"status":"healthy"})"), Verdict::problem, "Something else");
    expect(way_in("404 Not Found"), Verdict::problem, prefix);
    expect(way_in("401 Unauthorized"), Verdict::problem, "login");
    expect(way_in("502 Bad Gateway"), Verdict::problem, "does not reach the server");
    answers[prefix + "/test"] =
        "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example.org/\r\nContent-Length: 0\r\n\r\n";
    expect(of(examine(), "way in"), Verdict::problem, "https://elsewhere.example.org/");
}

TEST_F(DoctorPublicUrlTest, does_not_blame_the_way_in_while_no_server_runs) {
    answer(prefix + "/test", "502 Bad Gateway", "");
    expect(of(examine(std::nullopt), "way in"), Verdict::cannot_tell, "mouthpiece serve");
    options.public_url = "http://127.0.0.1:1";
    expect(of(examine(std::nullopt), "way in"), Verdict::cannot_tell, "mouthpiece serve");
    expect(of(examine("abc"), "way in"), Verdict::problem, "firewall");
    options.public_url = "http://no-such-host.invalid";
    expect(of(examine(std::nullopt), "way in"), Verdict::problem, "DNS");
    test::PlainGreeter greeter(loop);
    options.public_url = greeter.url();
    expect(of(examine(std::nullopt), "way in"), Verdict::problem, "certificate");
}

TEST_F(DoctorPublicUrlTest, says_what_becomes_of_webhooks) {
    expect(of(examine(), "webhook"), Verdict::ok);
    EXPECT_TRUE(
        std::ranges::any_of(server.requests, [](const std::string& r) { return r.contains("X-Twilio-Signature: "); }));
    answer(prefix + "/call/ended", "403 Forbidden", "{}");
    expect(of(examine(), "webhook"), Verdict::problem, "TWILIO_AUTH_TOKEN");
    answer(prefix + "/call/ended", "500 Oops", "{}");
    expect(of(examine(), "webhook"), Verdict::problem, "500");
    answers[prefix + "/call/ended"] = "";  // a reset
    expect(of(examine(), "webhook"), Verdict::cannot_tell);
}

TEST_F(DoctorPublicUrlTest, says_when_the_proxy_does_not_pass_the_upgrade_on) {
    answer(prefix + "/call/connection", "400 Bad Request", "{}");
    expect(of(examine(), "stream"), Verdict::problem, "31920");
    answer(prefix + "/call/connection", "200 OK", "hello", "text/html");
    expect(of(examine(), "stream"), Verdict::problem, "31920");
    answer(prefix + "/call/connection", "403 Forbidden", "{}");
    expect(of(examine(), "stream"), Verdict::problem, "TWILIO_AUTH_TOKEN");
}

// The real server at the other end.
class DoctorRealServerTest : public DoctorTwilioTest {
protected:
    Findings examine_against(const Secret& its_token) {
        gateway::Options its_options;
        its_options.threads = 1;
        its_options.voice_threads = 1;
        its_options.auth_token = its_token;
        its_options.account_sid = options.account_sid;
        gateway::Switchboard switchboard(its_options);
        gateway::LoopServices& services = *switchboard.loops.front();
        std::unique_ptr<gateway::Routes> routes;
        net::HttpServer http(services.events, {.host = "127.0.0.1", .limits = {}},
                             [&](const std::shared_ptr<net::Exchange>& exchange) { routes->handle(exchange); });
        EXPECT_TRUE(http.listen(0));
        options.public_url = "http://127.0.0.1:" + std::to_string(http.port());
        routes = std::make_unique<gateway::Routes>(services);
        gateway::Fetcher same_loop(services.events);
        return gateway::examine_public_url(same_loop, options, switchboard.instance);
    }
};

TEST_F(DoctorRealServerTest, finds_its_way_in_with_the_right_token) {
    // Without a configured address the server takes the Host header's, as behind a proxy that keeps it.
    const auto findings = examine_against(token);
    expect(of(findings, "way in"), Verdict::ok);
    expect(of(findings, "webhook"), Verdict::ok);
    expect(of(findings, "stream"), Verdict::ok);
}

TEST_F(DoctorRealServerTest, is_refused_with_another_token) {
    const auto findings = examine_against(Secret("ffffffffffffffffffffffffffffffff"));
    expect(of(findings, "way in"), Verdict::ok);
    expect(of(findings, "webhook"), Verdict::problem);
    expect(of(findings, "stream"), Verdict::problem);
}

}  // namespace
