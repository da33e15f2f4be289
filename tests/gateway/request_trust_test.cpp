#include "gateway/request_trust.hpp"

#include "twilio/signature.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::RequestTrust;

const Secret token("12345");
const encoding::FormFields call{{"CallSid", "CA1"}, {"From", "+14158675310"}};

gateway::RequestOrigin at(std::vector<std::string> base_urls) {
    return {.address = {}, .peer = "192.0.2.1", .base_urls = std::move(base_urls), .return_url = {}};
}
const auto either_scheme = at({"https://phone.example.org", "http://phone.example.org"});

http::Request webhook_request(const std::string& target, const std::string& signature) {
    http::Request request;
    request.method = "POST";
    request.target = target;
    request.headers = {{"Host", "phone.example.org"}, {"x-twilio-signature", signature}};
    return request;
}

TEST(RequestTrust, without_a_token_everybody_is_trusted) {
    EXPECT_TRUE(RequestTrust({}).webhook(webhook_request("/call", ""), call, either_scheme));
}

TEST(RequestTrust, the_address_of_the_origin_counts_not_the_host_header) {
    const RequestTrust trust(token);
    const auto origin = at({"https://public.example.org"});
    const auto signature = twilio::sign(token, "https://public.example.org/call?voice_id=x", call);
    EXPECT_TRUE(trust.webhook(webhook_request("/call?voice_id=x", signature), call, origin));
    const auto for_host = twilio::sign(token, "https://phone.example.org/call?voice_id=x", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call?voice_id=x", for_host), call, origin));
}

TEST(RequestTrust, every_possible_address_is_tried) {
    const RequestTrust trust(token);
    for (const char* scheme : {"https", "http"}) {
        const auto signature = twilio::sign(token, std::string(scheme) + "://phone.example.org/call", call);
        EXPECT_TRUE(trust.webhook(webhook_request("/call", signature), call, either_scheme)) << scheme;
    }
}

TEST(RequestTrust, refuses_no_signature_a_wrong_one_and_one_for_other_fields) {
    const RequestTrust trust(token);
    EXPECT_FALSE(trust.webhook(webhook_request("/call", ""), call, either_scheme));
    EXPECT_FALSE(trust.webhook(webhook_request("/call", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), call, either_scheme));
    const auto signature = twilio::sign(token, "https://phone.example.org/call", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call", signature), {{"CallSid", "CA2"}}, either_scheme));
    const auto other_token = twilio::sign(Secret("54321"), "https://phone.example.org/call", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call", other_token), call, either_scheme));
}

TEST(RequestTrust, an_upgrade_is_signed_over_its_wss_address) {
    const RequestTrust trust(token);
    const auto good = twilio::sign(token, "wss://phone.example.org/call", {});
    EXPECT_TRUE(trust.upgrade(webhook_request("/call", good), either_scheme));
    const auto https = twilio::sign(token, "https://phone.example.org/call", {});
    EXPECT_FALSE(trust.upgrade(webhook_request("/call", https), either_scheme));
}

TEST(RequestTrust, an_upgrade_may_be_signed_for_any_of_our_addresses) {
    const RequestTrust trust(token);
    const auto origin = at({"https://phone.example.org", "https://phone.example.org/a"});
    for (const char* url : {"wss://phone.example.org/call", "wss://phone.example.org/a/call"})
        EXPECT_TRUE(trust.upgrade(webhook_request("/call", twilio::sign(token, url, {})), origin)) << url;
    const auto other = twilio::sign(token, "wss://phone.example.org/b/call", {});
    EXPECT_FALSE(trust.upgrade(webhook_request("/call", other), origin));
}

TEST(RequestTrust, addresses_are_put_together_from_the_base) {
    EXPECT_EQ(gateway::websocket_url("https://a.example:8443", "/s"), "wss://a.example:8443/s");
    EXPECT_EQ(gateway::websocket_url("http://a.example", "/s"), "wss://a.example/s");
}

}  // namespace
