#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace websocket {
namespace {

constexpr std::string_view rfc_key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 section 1.3
constexpr std::string_view rfc_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

UpgradeHeaders good_headers() {
    return {"GET", "Upgrade", "websocket", "13", rfc_key};
}

std::string accepted(std::string_view further = {}) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           std::string(rfc_accept) + "\r\n" + std::string(further) + "\r\n";
}

TEST(Handshake, accepts_the_key_of_the_rfc) {
    EXPECT_EQ(accept_for(rfc_key), rfc_accept);
}

TEST(Handshake, answers_without_extension_or_subprotocol) {
    EXPECT_EQ(*answer_upgrade(good_headers()), accepted());
}

TEST(Handshake, reads_header_lists_in_any_case) {
    for (const std::string_view connection :
         {"keep-alive, Upgrade", "UPGRADE", "upgrade,keep-alive", " x ,\tUpGrade ,, y"}) {
        UpgradeHeaders headers = good_headers();
        headers.connection = connection;
        headers.upgrade = "h2c, WebSocket";
        headers.version = " 13 ";
        EXPECT_TRUE(answer_upgrade(headers)) << connection;
    }
}

TEST(Handshake, names_what_is_wrong_with_a_request) {
    const auto refusal = [](auto change) {
        UpgradeHeaders headers = good_headers();
        change(headers);
        return answer_upgrade(headers).error();
    };
    EXPECT_EQ(refusal([](auto& h) { h.method = "POST"; }), UpgradeError::not_get);
    for (const std::string_view connection : {"", "close", "upgraded", "keep-alive"})
        EXPECT_EQ(refusal([&](auto& h) { h.connection = connection; }), UpgradeError::not_an_upgrade) << connection;
    for (const std::string_view upgrade : {"", "h2c", "websockets"})
        EXPECT_EQ(refusal([&](auto& h) { h.upgrade = upgrade; }), UpgradeError::not_an_upgrade) << upgrade;
    for (const std::string_view version : {"", "8", "14", "013", "13, 8"})
        EXPECT_EQ(refusal([&](auto& h) { h.version = version; }), UpgradeError::bad_version) << version;
    for (const std::string_view key : {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j",
                                       "!GhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZXh4eHg="})
        EXPECT_EQ(refusal([&](auto& h) { h.key = key; }), UpgradeError::bad_key) << key;
}

TEST(Handshake, our_client_and_our_server_agree) {
    const std::string key = new_key("0123456789abcdef");
    const std::string request =
        write_upgrade_request({"api.example:443", "/v1/stream?x=1", key, {{"xi-api-key", "k\r\nX-Evil: 1"}}});
    EXPECT_EQ(request,
              "GET /v1/stream?x=1 HTTP/1.1\r\nHost: api.example:443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                  key + "\r\nxi-api-key: kX-Evil: 1\r\n\r\n");
    UpgradeHeaders headers = good_headers();
    headers.key = key;
    const std::string answer = *answer_upgrade(headers);
    const auto response = read_upgrade_response(answer + "\x81\x02hi", key);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 101);
    EXPECT_EQ(response->header_bytes, answer.size());
}

TEST(Handshake, waits_for_the_whole_response) {
    const std::string whole = accepted();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto response = read_upgrade_response(std::string_view(whole).substr(0, size), rfc_key);
        ASSERT_TRUE(response) << size;
        EXPECT_EQ(response->status, 0) << size;
        EXPECT_EQ(read_upgrade_response(std::string_view(whole).substr(0, size), rfc_key, true).error(),
                  ResponseError::malformed);
    }
}

TEST(Handshake, passes_over_interim_responses) {
    const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    const auto response = read_upgrade_response(early + early + accepted(), rfc_key);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 101);
    EXPECT_EQ(response->header_bytes, 2 * early.size() + accepted().size());
}

TEST(Handshake, refuses_responses_that_are_not_an_answer_to_us) {
    const auto error = [](std::string_view text) { return read_upgrade_response(text, rfc_key).error(); };
    EXPECT_EQ(error("SSH-2.0-OpenSSH"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/2 101\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 1x1 No\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 1010 No\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 400 No\r\nno colon\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 400 No\r\nA: b\r\n folded: c\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 400 No\r\nContent-Length: 5x\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 400 No\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n"), ResponseError::malformed);
    EXPECT_EQ(error("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
              ResponseError::wrong_accept);
    EXPECT_EQ(read_upgrade_response(accepted(), "another key").error(), ResponseError::wrong_accept);
    EXPECT_EQ(error(accepted("Sec-WebSocket-Extensions: permessage-deflate\r\n")), ResponseError::unwanted_extension);
    EXPECT_EQ(error(accepted("sec-websocket-protocol: chat\r\n")), ResponseError::unwanted_extension);
}

TEST(Handshake, bounds_the_header) {
    const std::string endless = "HTTP/1.1 101 OK\r\nX: " + std::string(20'000, 'x');
    EXPECT_EQ(read_upgrade_response(endless, rfc_key).error(), ResponseError::too_large);
    EXPECT_EQ(read_upgrade_response(endless + "\r\n\r\n", rfc_key).error(), ResponseError::too_large);
    std::string hints;
    while (hints.size() < 20'000) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
    EXPECT_EQ(read_upgrade_response(hints, rfc_key).error(), ResponseError::too_large);
}

TEST(Handshake, gives_the_body_of_a_refusal) {
    const std::string header = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 11\r\n\r\n";
    EXPECT_EQ(read_upgrade_response(header + "0123456789", rfc_key)->status, 0) << "one byte is missing";
    EXPECT_EQ(read_upgrade_response(header + "0123456789", rfc_key, true)->body, "0123456789");
    const auto whole = read_upgrade_response(header + "0123456789abc", rfc_key);
    EXPECT_EQ(whole->status, 401);
    EXPECT_EQ(whole->body, "0123456789a");
    EXPECT_EQ(read_upgrade_response("HTTP/1.1 400\r\n\r\npart", rfc_key)->body, "part");

    const std::string large = "HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\n" + std::string(8 * 1024, 'x');
    EXPECT_EQ(read_upgrade_response(large, rfc_key)->body.size(), 8U * 1024) << "no more is waited for";
}

}  // namespace
}  // namespace websocket
