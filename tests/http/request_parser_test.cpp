// Every case is fed whole and byte by byte; the two must agree.

#include "http/message.hpp"

#include <gtest/gtest.h>

#include <random>

namespace http {
namespace {

struct Outcome {
    std::vector<Request> requests;
    int error = 0;  // 0: none
    std::string detail;
};

// Feeds `input` in parts of at most `part` bytes, the way a connection would: what is not used is fed again.
Outcome feed(std::string_view input, std::size_t part, RequestParser::Limits limits = {}) {
    RequestParser parser(limits);
    Outcome outcome;
    while (!input.empty()) {
        const auto used = parser.feed(input.substr(0, part));
        if (!used) {
            EXPECT_FALSE(parser.complete());
            EXPECT_EQ(parser.feed("GET / HTTP/1.1\r\n\r\n").error().status, used.error().status) << "an error is final";
            outcome.error = used.error().status;
            outcome.detail = used.error().body;
            break;
        }
        input.remove_prefix(*used);
        if (parser.complete()) {
            outcome.requests.push_back(parser.take());
        } else if (*used == 0) {
            ADD_FAILURE() << "stuck at " << input;
            break;
        }
    }
    return outcome;
}

Outcome parse(std::string_view input, RequestParser::Limits limits = {}) {
    Outcome whole = feed(input, input.size(), limits);
    for (const std::size_t part : {1U, 7U}) {
        const Outcome cut = feed(input, part, limits);
        EXPECT_EQ(cut.error, whole.error) << input;
        EXPECT_EQ(cut.detail, whole.detail) << input;
        EXPECT_EQ(cut.requests.size(), whole.requests.size()) << input;
        for (std::size_t i = 0; i < std::min(cut.requests.size(), whole.requests.size()); ++i) {
            EXPECT_EQ(cut.requests[i].target, whole.requests[i].target);
            EXPECT_EQ(cut.requests[i].headers, whole.requests[i].headers);
            EXPECT_EQ(cut.requests[i].body, whole.requests[i].body);
        }
    }
    return whole;
}

Request parse_one(std::string_view input) {
    Outcome outcome = parse(input);
    EXPECT_EQ(outcome.error, 0) << outcome.detail;
    EXPECT_EQ(outcome.requests.size(), 1U) << input;
    return outcome.requests.empty() ? Request{} : std::move(outcome.requests.front());
}

int refusal(std::string_view input, RequestParser::Limits limits = {}) {
    return parse(input, limits).error;
}

std::string with_fields(std::string_view fields, std::string_view body = {}) {
    return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(RequestParser, reads_a_webhook) {
    const Request request = parse_one(
        "POST /api/v1/elevenlabs-twilio/call/incoming?voice_id=v HTTP/1.1\r\nHost: example.com\r\nX-Twilio-Signature:  "
        "abc= \r\n"
        "Content-Type: application/x-www-form-urlencoded\r\ncontent-length: 11\r\n\r\nCallSid=CA1");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/v1/elevenlabs-twilio/call/incoming?voice_id=v");
    EXPECT_EQ(request.headers[1], (std::pair<std::string, std::string>{"X-Twilio-Signature", "abc="}));
    EXPECT_EQ(request.body, "CallSid=CA1");
    EXPECT_TRUE(request.keep_alive);
}

TEST(RequestParser, takes_one_request_and_leaves_the_rest) {
    const std::string first = with_fields("Content-Length: 3\r\n", "abc");
    const std::string input = first + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    RequestParser parser({});
    EXPECT_TRUE(parser.idle());
    EXPECT_EQ(*parser.feed(input), first.size());
    EXPECT_TRUE(parser.complete());
    EXPECT_FALSE(parser.idle());
    EXPECT_EQ(*parser.feed(std::string_view(input).substr(first.size())), 0U) << "not before take()";
    EXPECT_EQ(parser.take().body, "abc");
    EXPECT_TRUE(parser.idle());
    EXPECT_FALSE(parser.complete());

    const Outcome all = parse(input + input);
    ASSERT_EQ(all.requests.size(), 4U);
    EXPECT_EQ(all.requests[3].target, "/2");
}

TEST(RequestParser, leaves_what_follows_an_upgrade_to_the_websocket) {
    const std::string upgrade = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    RequestParser parser({});
    EXPECT_EQ(*parser.feed(upgrade + "\x81\x80\x01\x02\x03\x04"), upgrade.size());
    EXPECT_TRUE(parser.take().keep_alive);
}

TEST(RequestParser, holds_a_pointer_and_its_limits_when_idle) {
    EXPECT_LE(sizeof(RequestParser), 24U);
}

TEST(RequestParser, knows_when_a_connection_stays_open) {
    const auto keeps = [](std::string_view version, std::string_view fields) {
        return parse_one("GET / HTTP/" + std::string(version) + "\r\nHost: h\r\n" + std::string(fields) + "\r\n")
            .keep_alive;
    };
    EXPECT_TRUE(keeps("1.1", ""));
    EXPECT_TRUE(keeps("1.1", "Connection: Upgrade\r\n"));
    EXPECT_FALSE(keeps("1.1", "Connection: Close\r\n"));
    EXPECT_FALSE(keeps("1.1", "connection: keep-alive, close\r\n"));
    EXPECT_FALSE(keeps("1.0", ""));
    EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
    EXPECT_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST(RequestParser, reads_chunked_bodies_and_drops_trailers) {
    const Request request = parse_one(
        with_fields("Transfer-Encoding: Chunked\r\n",
                    "5\r\nhello\r\n1;ext=\"v\"\r\n \r\n00A\r\n0123456789\r\n0\r\nX-Twilio-Signature: no\r\n\r\n"));
    EXPECT_EQ(request.body, "hello 0123456789");
    EXPECT_EQ(request.header("X-Twilio-Signature"), "") << "a trailer is not a header";

    std::string chunks;
    for (int i = 0; i < 9000; ++i) chunks += "1\r\nx\r\n";
    EXPECT_EQ(parse_one(with_fields("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n")).body,
              std::string(9000, 'x'));
    EXPECT_EQ(parse(with_fields("Transfer-Encoding: chunked\r\n", "0\r\n\r\n") + with_fields("")).requests.size(), 2U);
}

TEST(RequestParser, refuses_malformed_chunks) {
    for (const std::string_view body :
         {"g\r\nx\r\n", "5\r\nhello0\r\n\r\n", "-1\r\n\r\n", "1\nx\r\n0\r\n\r\n", "0x1\r\nx\r\n0\r\n\r\n",
          " 1\r\nx\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "0\r\nContent-Length: 3\r\n\r\n"})
        EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", body)), 400) << body;
}

// Where two readers of one byte stream could come to different ends of a request, one of them lets an attacker in.
TEST(RequestParser, refuses_every_doubt_about_the_length) {
    for (const std::string_view fields : {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                          "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                                          "Content-Length: 3\r\nContent-Length: 3\r\n",
                                          "Content-Length: 3\r\nContent-Length: 4\r\n",
                                          "Content-Length: 3, 3\r\n",
                                          "Content-Length: +3\r\n",
                                          "Content-Length: -3\r\n",
                                          "Content-Length: 0x3\r\n",
                                          "Content-Length: 3 3\r\n",
                                          "Content-Length:\r\n",
                                          "Content-Length: 18446744073709551619\r\n",
                                          "Content-Length : 3\r\n",
                                          "Transfer-Encoding: gzip\r\n",
                                          "Transfer-Encoding: gzip, chunked\r\n",
                                          "Transfer-Encoding: chunked, gzip\r\n",
                                          "Transfer-Encoding: identity\r\n",
                                          "Transfer-Encoding: xchunked\r\n",
                                          "Transfer-Encoding: \x0B"
                                          "chunked\r\n",
                                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                          "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n",
                                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                                          "Transfer-Encoding:\r\n chunked\r\n",
                                          "Transfer-Encoding : chunked\r\n",
                                          "X: a\r\n folded\r\n",
                                          "X: a\r\n\tfolded\r\n"})
        EXPECT_EQ(refusal(with_fields(fields, "0\r\n\r\n")), 400) << fields;
    EXPECT_EQ(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(RequestParser, refuses_what_is_not_a_request) {
    using std::string_literals::operator""s;
    for (const std::string& input :
         {"\x16\x03\x01\x02\x00"s, "GET / HTTP/1.1\nHost: h\n\n"s, "GET / HTTP/1.1\r\nHost: h\n\r\n"s, "GET /\r\n\r\n"s,
          "GET\r\n\r\n"s, "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"s, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"s,
          "GET / HTTX/1.1\r\nHost: h\r\n\r\n"s, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"s,
          "GET / http/1.1\r\nHost: h\r\n\r\n"s, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost: h\r\n X: a\r\n\r\n"s, "GET / HTTP/1.1\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"s})
        EXPECT_EQ(refusal(input), 400) << input;
}

TEST(RequestParser, refuses_other_versions) {
    for (const std::string_view version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/9.9"})
        EXPECT_EQ(refusal("GET / " + std::string(version) + "\r\nHost: h\r\n\r\n"), 505) << version;
    EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(RequestParser, bounds_header_and_body) {
    const RequestParser::Limits limits{.header_bytes_max = 200, .body_bytes_max = 100};
    const auto header_of = [](std::size_t size) {
        const std::string empty = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n";
        std::string header = empty;
        return header.insert(empty.size() - 4, std::string(size - empty.size(), 'x'));
    };
    EXPECT_EQ(refusal(header_of(200), limits), 0);
    EXPECT_EQ(refusal(header_of(201), limits), 431);
    EXPECT_EQ(refusal("GET /" + std::string(300, 'x'), limits), 431) << "without waiting for its end";
    EXPECT_EQ(refusal(with_fields("Content-Length: 100\r\n", std::string(100, 'b')), limits), 0);
    EXPECT_EQ(refusal(with_fields("Content-Length: 101\r\n"), limits), 413) << "before the body comes";
    EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", "64\r\n" + std::string(100, 'b') + "\r\n0\r\n\r\n"),
                      limits),
              0);
    EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", "65\r\nb"), limits), 413);
    EXPECT_EQ(
        refusal(with_fields("Transfer-Encoding: chunked\r\n", "3C\r\n" + std::string(60, 'b') + "\r\n29\r\n"), limits),
        413);
    EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", "1;" + std::string(300, 'e')), limits), 400);
    EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(300, 'e')), limits), 400);

    const std::string extension = "1;e=" + std::string(300, 'e') + "\r\nx\r\n0\r\n\r\n";
    EXPECT_EQ(refusal(with_fields("Transfer-Encoding: chunked\r\n", extension), limits), 400) << "though it ends well";

    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "X: y\r\n";
    EXPECT_EQ(refusal(with_fields(fields)), 0);
    EXPECT_EQ(refusal(with_fields(fields + "X: y\r\n")), 431);
}

TEST(RequestParser, says_once_that_the_client_waits_for_continue) {
    const std::string header = with_fields("Expect: 100-Continue\r\nContent-Length: 3\r\n");
    RequestParser parser({});
    EXPECT_FALSE(parser.wants_continue());
    EXPECT_EQ(*parser.feed(header), header.size());
    EXPECT_TRUE(parser.wants_continue());
    EXPECT_FALSE(parser.wants_continue());
    EXPECT_EQ(*parser.feed(std::string_view("abc")), 3U);
    EXPECT_EQ(parser.take().body, "abc");

    const auto waits = [](std::string_view input) {
        RequestParser other({});
        return other.feed(input) && other.wants_continue();
    };
    EXPECT_FALSE(waits(header + "a")) << "the body is already coming";
    EXPECT_FALSE(waits(with_fields("Expect: 100-continue\r\n"))) << "there is no body";
    EXPECT_FALSE(waits("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    EXPECT_FALSE(waits(with_fields("Content-Length: 3\r\n")));
}

TEST(RequestParser, overlooks_an_empty_line_between_requests) {
    EXPECT_EQ(parse("\r\n" + with_fields("") + "\r\n\r\n" + with_fields("")).requests.size(), 2U);
    RequestParser parser({});
    EXPECT_EQ(*parser.feed(std::string_view("\r\n")), 2U);
    EXPECT_TRUE(parser.idle());
}

}  // namespace
}  // namespace http
