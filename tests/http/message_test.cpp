#include "http/message.hpp"

#include <gtest/gtest.h>

namespace http {
namespace {

Request with_target(std::string target) {
    Request request;
    request.target = std::move(target);
    return request;
}

TEST(Request, splits_the_target) {
    struct {
        const char *target, *path, *query;
    } const cases[] = {
        {"/call/incoming", "/call/incoming", ""},
        {"/call/incoming?voice_id=a&b=?c", "/call/incoming", "voice_id=a&b=?c"},
        {"/?", "/", ""},
        {"http://host:8001/a/b?c", "/a/b", "c"},
        {"HTTPS://host", "/", ""},
        {"http://host?c=d/e", "/", "c=d/e"},
        {"/redirect?to=http://x/y", "/redirect", "to=http://x/y"},
        {"/a://b", "/a://b", ""},
        {"*", "*", ""},
    };
    for (const auto& [target, path, query] : cases) {
        EXPECT_EQ(with_target(target).path(), path) << target;
        EXPECT_EQ(with_target(target).query(), query) << target;
    }
}

TEST(Request, finds_the_first_header_in_any_case) {
    Request request;
    request.headers = {{"X-Twilio-Signature", "one"}, {"x-twilio-signature", "two"}};
    EXPECT_EQ(request.header("x-TWILIO-signature"), "one");
    EXPECT_EQ(request.header("x-twilio"), "");
}

TEST(Response, writes_length_and_connection) {
    EXPECT_EQ(write(json("{}"), true),
              "HTTP/1.1 200 OK\r\nServer: mouthpiece\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
              "Content-Length: 2\r\n\r\n{}");
    EXPECT_EQ(write(xml("<a/>"), false, true),
              "HTTP/1.1 200 OK\r\nServer: mouthpiece\r\nConnection: close\r\nContent-Type: text/xml; charset=utf-8\r\n"
              "Content-Length: 4\r\n\r\n")
        << "for HEAD";
    EXPECT_EQ(write({204, "", "ignored", {{"Allow", "GET"}}}, true),
              "HTTP/1.1 204 No Content\r\nServer: mouthpiece\r\nConnection: keep-alive\r\nAllow: GET\r\n\r\n");
}

TEST(Response, cannot_be_split_by_a_header_value) {
    const std::string text = write({200, "", "", {{"X", "a\r\nSet-Cookie: b\r\n\r\n<html>"}}}, true);
    EXPECT_EQ(text.find("\r\nSet-Cookie"), std::string::npos);
    EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4);
}

TEST(Response, has_a_phrase_for_every_status_in_use) {
    for (const int status : {200, 201, 202, 204, 301, 302, 304, 400, 401, 402, 403, 404, 405, 406, 408,
                             409, 411, 413, 414, 415, 422, 426, 429, 431, 500, 501, 502, 503, 504, 505})
        EXPECT_FALSE(reason_phrase(status).empty()) << status;
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(write({299, "", "", {}}, true).substr(0, 15), "HTTP/1.1 299 \r\n");
}

TEST(Error, is_json_whatever_it_quotes) {
    using std::string_literals::operator""s;
    const auto detail = [](std::string_view text) { return error(400, text).body; };
    EXPECT_EQ(detail("No such path."), R"({"detail": "No such path."})");
    EXPECT_EQ(detail("\"\\/"), R"({"detail": "\"\\/"})");
    EXPECT_EQ(detail("a\r\n\t\x01\0b"s), R"({"detail": "a\u000d\u000a\u0009\u0001\u0000b"})");
    EXPECT_EQ(detail("\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xA9"),
              "{\"detail\": \"\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xA9\"}");
    EXPECT_EQ(
        detail("\xFF|\xE2\x82|\xED\xA0\x80|\xC0\xAF|\xF4\x90\x80\x80|\xE2\x82"),
        R"({"detail": "\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd\ufffd|\ufffd\ufffd"})");
    EXPECT_EQ(error(404, "x").status, 404);
    EXPECT_EQ(error(404, "x").content_type, "application/json");
}

TEST(Request, gives_all_values_of_a_header_in_order) {
    Request request;
    request.headers = {{"X-Forwarded-For", "a"}, {"Host", "h"}, {"x-forwarded-FOR", "b, c"}};
    EXPECT_EQ(request.all("X-Forwarded-For"), (std::vector<std::string_view>{"a", "b, c"}));
    EXPECT_TRUE(request.all("Via").empty());
}

}  // namespace
}  // namespace http
