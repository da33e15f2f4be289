#include "gateway/request_trust.hpp"

#include "twilio/signature.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::RequestTrust;

const Secret token("12345");
const encoding::FormFields call{{"CallSid", "CA1"}, {"From", "+14158675310"}};

http::Request webhook_request(const std::string& target, const std::string& signature) {
    http::Request request;
    request.method = "POST";
    request.target = target;
    request.headers = {{"Host", "phone.example.org"}, {"x-twilio-signature", signature}};
    return request;
}

TEST(RequestTrust, without_a_token_everybody_is_trusted) {
    EXPECT_TRUE(RequestTrust({}, "").webhook(webhook_request("/call", ""), call, "peer"));
}

TEST(RequestTrust, the_configured_public_address_counts_not_the_host_header) {
    const RequestTrust trust(token, "https://public.example.org");
    const auto signature = twilio::sign(token, "https://public.example.org/call?voice_id=x", call);
    EXPECT_TRUE(trust.webhook(webhook_request("/call?voice_id=x", signature), call, "peer"));
    const auto for_host = twilio::sign(token, "https://phone.example.org/call?voice_id=x", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call?voice_id=x", for_host), call, "peer"));
}

TEST(RequestTrust, without_one_the_host_header_is_tried_with_both_schemes) {
    const RequestTrust trust(token, "");
    for (const char* scheme : {"https", "http"}) {
        const auto signature = twilio::sign(token, std::string(scheme) + "://phone.example.org/call", call);
        EXPECT_TRUE(trust.webhook(webhook_request("/call", signature), call, "peer")) << scheme;
    }
}

TEST(RequestTrust, refuses_no_signature_a_wrong_one_and_one_for_other_fields) {
    const RequestTrust trust(token, "");
    EXPECT_FALSE(trust.webhook(webhook_request("/call", ""), call, "peer"));
    EXPECT_FALSE(trust.webhook(webhook_request("/call", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), call, "peer"));
    const auto signature = twilio::sign(token, "https://phone.example.org/call", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call", signature), {{"CallSid", "CA2"}}, "peer"));
    const auto other_token = twilio::sign(Secret("54321"), "https://phone.example.org/call", call);
    EXPECT_FALSE(trust.webhook(webhook_request("/call", other_token), call, "peer"));
}

TEST(RequestTrust, an_upgrade_is_signed_over_its_wss_address) {
    const RequestTrust trust(token, "https://phone.example.org/");
    const auto good = twilio::sign(token, "wss://phone.example.org/call", {});
    EXPECT_TRUE(trust.upgrade(webhook_request("/call", good), "peer"));
    const auto https = twilio::sign(token, "https://phone.example.org/call", {});
    EXPECT_FALSE(trust.upgrade(webhook_request("/call", https), "peer"));
}

TEST(RequestTrust, addresses_are_put_together_from_the_base) {
    EXPECT_EQ(gateway::public_base_url("https://a.example/", {}), "https://a.example");
    EXPECT_EQ(gateway::public_base_url("", webhook_request("/", "")), "https://phone.example.org");
    EXPECT_EQ(gateway::websocket_url("https://a.example:8443", "/s"), "wss://a.example:8443/s");
    EXPECT_EQ(gateway::websocket_url("http://a.example", "/s"), "wss://a.example/s");
}

}  // namespace
