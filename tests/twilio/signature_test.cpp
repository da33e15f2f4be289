#include "twilio/signature.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using encoding::FormFields;
using namespace std::string_literals;
using namespace std::string_view_literals;

const Secret token(std::string("0123456789abcdef0123456789abcdef"));
const FormFields call_fields{{"CallSid", "CA1"}, {"From", "+15550100001"}, {"FromCity", ""}, {"To", "+15550100002"}};

bool is_valid(std::string_view url, const FormFields& fields, std::string_view signature) {
    return twilio::verify_webhook(token, url, fields, signature).has_value();
}

bool upgrade_is_valid(std::string_view url, std::string_view signature) {
    return twilio::verify_upgrade(token, url, signature).has_value();
}

std::string signed_as(std::string_view url, const FormFields& fields = {}) {
    return twilio::sign(token, url, fields);
}

// Made with the official libraries; `valid` is what Node's says. See "_fields" in the file.
struct Vector {
    std::string name, url, signature, body;
    Secret auth_token;
    FormFields fields;
    bool valid = false;
    bool has_body = false;
};

std::vector<Vector> read_vectors() {
    simdjson::dom::parser parser;
    const auto file = parser.load(SOURCE_DIR "/tests/twilio/signature_vectors.json");
    std::vector<Vector> vectors;
    for (const auto entry : file["vectors"].get_array()) {
        Vector vector;
        const auto text = [&](const char* key) { return std::string(entry[key].get_string().value()); };
        vector.name = text("name");
        vector.url = text("url");
        vector.signature = text("signature");
        vector.auth_token = Secret(text("token"));
        vector.valid = entry["valid"].get_bool().value();
        for (const auto pair : entry["params"].get_array()) {
            vector.fields.emplace_back(pair.at(0).get_string().value(), pair.at(1).get_string().value());
        }
        std::string_view body;
        vector.has_body = entry["body"].get(body) == simdjson::SUCCESS;
        vector.body = std::string(body);
        vectors.push_back(std::move(vector));
    }
    return vectors;
}

TEST(Signature, agrees_with_the_official_libraries_on_every_vector) {
    const auto vectors = read_vectors();
    ASSERT_EQ(vectors.size(), 36U);
    for (const Vector& v : vectors) {
        const auto result = v.has_body ? twilio::verify_json_webhook(v.auth_token, v.url, v.body, v.signature)
                                       : twilio::verify_webhook(v.auth_token, v.url, v.fields, v.signature);
        EXPECT_EQ(result.has_value(), v.valid) << v.name;
    }
}

TEST(Signature, of_an_upgrade_agrees_with_every_vector_and_accepts_the_trailing_slash_beyond) {
    int upgrades = 0;
    for (const Vector& v : read_vectors()) {
        if (!v.url.starts_with("wss://")) continue;
        ++upgrades;
        const std::string url = v.fields.empty() ? v.url : v.url + "?" + encoding::write_form(v.fields);
        const auto result = twilio::verify_upgrade(v.auth_token, url, v.signature);
        // Twilio's documentation asks servers to try the slash; its libraries leave that to them.
        EXPECT_EQ(result.has_value(), v.valid || v.name == "wss-stream-handshake-trailing-slash") << v.name;
    }
    EXPECT_EQ(upgrades, 4);
}

TEST(Signature, is_the_published_one) {
    const FormFields fields{{"CallSid", "CA1234567890ABCDE"},
                            {"Caller", "+14158675310"},
                            {"Digits", "1234"},
                            {"From", "+14158675310"},
                            {"To", "+18005551212"}};
    EXPECT_EQ(twilio::sign(Secret("12345"), "https://example.com/myapp.php?foo=1&bar=2", fields),
              "L/OH5YylLD5NRKLltdqwSvS0BnU=");
}

TEST(Signature, does_not_depend_on_the_order_of_arrival) {
    const FormFields reversed(call_fields.rbegin(), call_fields.rend());
    EXPECT_TRUE(is_valid("https://gw.example.com/v", reversed, signed_as("https://gw.example.com/v", call_fields)));
}

TEST(Signature, with_any_one_character_changed_is_refused) {
    const std::string url = "https://gw.example.com/v";
    const std::string good = signed_as(url, call_fields);
    ASSERT_TRUE(is_valid(url, call_fields, good));
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << bit));
            EXPECT_FALSE(is_valid(url, call_fields, bad)) << at << "/" << bit;
        }
    }
}

TEST(Signature, of_another_length_is_refused) {
    const std::string url = "https://gw.example.com/v";
    const std::string good = signed_as(url);
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(is_valid(url, {}, good.substr(0, size)));
    EXPECT_FALSE(is_valid(url, {}, good + "="));
    EXPECT_FALSE(is_valid(url, {}, good + good));
    EXPECT_FALSE(is_valid(url, {}, " " + good));
    EXPECT_FALSE(is_valid(url, {}, good + "\0"s));
}

TEST(Signature, covers_every_byte_of_url_and_fields) {
    const std::string url = "https://gw.example.com/v?voice_id=abc";
    const std::string good = signed_as(url, call_fields);
    for (std::size_t at = 0; at < url.size(); ++at) {
        std::string other = url;
        other[at] = other[at] == 'q' ? 'r' : 'q';
        EXPECT_FALSE(is_valid(other, call_fields, good)) << other;
    }
    for (std::size_t field = 0; field < call_fields.size(); ++field) {
        FormFields fewer = call_fields;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(field));
        EXPECT_FALSE(is_valid(url, fewer, good)) << field;
        FormFields changed = call_fields;
        changed[field].second += " ";
        EXPECT_FALSE(is_valid(url, changed, good)) << field;
    }
    FormFields more = call_fields;
    more.emplace_back("New", "");
    EXPECT_FALSE(is_valid(url, more, good));
}

TEST(Signature, with_an_empty_token_is_never_valid) {
    const Secret no_token;
    const std::string url = "https://gw.example.com/v";
    const std::string wss = "wss://gw.example.com/v";
    EXPECT_FALSE(twilio::verify_webhook(no_token, url, {}, twilio::sign(no_token, url, {})));
    EXPECT_FALSE(twilio::verify_webhook(no_token, url, {}, ""));
    EXPECT_FALSE(twilio::verify_upgrade(no_token, wss, twilio::sign(no_token, wss, {})));
    EXPECT_FALSE(twilio::verify_json_webhook(no_token, url, "{}", twilio::sign(no_token, url, {})));
}

TEST(Signature, does_not_cover_credentials_and_fragment) {
    EXPECT_TRUE(is_valid("https://me:secret@gw.example.com/v#rc=2", {}, signed_as("https://gw.example.com/v")));
}

TEST(Signature, may_name_the_port_or_not) {
    struct Case {
        std::string_view asked, signed_url;
    };
    for (const auto& [asked, signed_url] : {
             Case{"https://h.example:8443/v", "https://h.example/v"},
             Case{"https://h.example/v", "https://h.example:443/v"},
             Case{"http://h.example/v", "http://h.example:80/v"},
             Case{"https://[2001:db8::1]:8443/v", "https://[2001:db8::1]/v"},
             Case{"https://[2001:db8::1]/v", "https://[2001:db8::1]:443/v"},
             Case{"https://h.example?a=1", "https://h.example:443?a=1"},
         }) {
        EXPECT_TRUE(is_valid(asked, {}, signed_as(signed_url))) << asked;
    }
    EXPECT_FALSE(is_valid("https://h.example:8443/v", {}, signed_as("https://h.example:443/v")));
    EXPECT_FALSE(is_valid("https://h.example/v", {}, signed_as("https://h.example:80/v")));
}

TEST(Signature, may_be_of_the_url_as_a_browser_would_write_it) {
    EXPECT_TRUE(
        is_valid("https://GW.example.com/v?name=O'Brien", {}, signed_as("https://gw.example.com/v?name=O%27Brien")));
    EXPECT_TRUE(
        is_valid("https://gw.example.com/v?b=a+b&a=O%27B", {}, signed_as("https://gw.example.com/v?b=a%20b&a=O'B")));
    EXPECT_FALSE(is_valid("https://gw.example.com/V", {}, signed_as("https://gw.example.com/v")));
}

TEST(Signature, of_a_webhook_does_not_forgive_a_slash) {
    EXPECT_FALSE(is_valid("https://gw.example.com/v", {}, signed_as("https://gw.example.com/v/")));
}

TEST(Signature, of_an_upgrade_forgives_slash_and_port_in_every_combination) {
    for (const auto asked : {"wss://gw.example.com/a/stream"sv, "wss://gw.example.com/a/stream/"sv}) {
        for (const auto port : {""sv, ":80"sv, ":443"sv}) {
            for (const auto slash : {""sv, "/"sv}) {
                const std::string signed_url =
                    "wss://gw.example.com" + std::string(port) + "/a/stream" + std::string(slash);
                EXPECT_TRUE(upgrade_is_valid(asked, signed_as(signed_url))) << signed_url;
            }
        }
    }
    EXPECT_TRUE(upgrade_is_valid("wss://gw.example.com/", signed_as("wss://gw.example.com")));
    EXPECT_TRUE(upgrade_is_valid("wss://gw.example.com:8443/s", signed_as("wss://gw.example.com:8443/s/")));
}

TEST(Signature, of_an_upgrade_is_of_the_wss_url_only) {
    EXPECT_FALSE(upgrade_is_valid("wss://gw.example.com/s", signed_as("https://gw.example.com/s")));
    EXPECT_FALSE(upgrade_is_valid("wss://gw.example.com/s", signed_as("ws://gw.example.com/s")));
    EXPECT_FALSE(upgrade_is_valid("wss://gw.example.com/s", signed_as("wss://gw.example.com/s", {{"CallSid", "CA1"}})));
}

TEST(Signature, of_an_upgrade_never_leaves_a_query_out) {
    const std::string url = "wss://gw.example.com/s?to=%2B1555&lang=de";
    EXPECT_TRUE(upgrade_is_valid(url, signed_as(url)));
    EXPECT_TRUE(upgrade_is_valid(url, signed_as("wss://gw.example.com/s", {{"lang", "de"}, {"to", "+1555"}})));
    EXPECT_FALSE(upgrade_is_valid(url, signed_as("wss://gw.example.com/s")));
}

TEST(Signature, of_a_json_body_covers_url_and_body) {
    // printf '{"a":1}' | sha256sum
    const std::string url =
        "https://gw.example.com/hook?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    const auto verify = [](std::string_view asked, std::string_view body, std::string_view signature) {
        return twilio::verify_json_webhook(token, asked, body, signature).has_value();
    };
    EXPECT_TRUE(verify(url, R"({"a":1})", signed_as(url)));
    EXPECT_FALSE(verify(url, R"({"a":2})", signed_as(url)));
    EXPECT_FALSE(verify(url, "", signed_as(url)));
    EXPECT_FALSE(verify(url, R"({"a":1})", signed_as(url + "0")));
    EXPECT_FALSE(verify("https://gw.example.com/hook", R"({"a":1})", signed_as("https://gw.example.com/hook")));
    EXPECT_FALSE(
        verify("https://gw.example.com/hook?bodySHA256=", "", signed_as("https://gw.example.com/hook?bodySHA256=")));
}

TEST(SignatureMismatch, names_each_url_tried_once_and_no_private_thing) {
    const auto result = twilio::verify_webhook(
        token, "https://me:secret@gw.example.com:8443/v?From=%2B15550100001&flag", call_fields, "x");
    ASSERT_FALSE(result);
    const std::vector<std::string> expected{
        "https://gw.example.com/v?From=…&flag", "https://gw.example.com:8443/v?From=…&flag",
        "https://gw.example.com/v?From=…&flag=…", "https://gw.example.com:8443/v?From=…&flag=…"};
    EXPECT_EQ(result.error().urls_tried, expected);
}

TEST(SignatureMismatch, names_the_url_even_if_it_is_not_one) {
    const auto result = twilio::verify_upgrade(token, "/call/connection", "x");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().urls_tried, std::vector<std::string>{"/call/connection"});
}

TEST(EqualInConstantTime, compares_length_and_every_byte) {
    EXPECT_TRUE(twilio::equal_in_constant_time("", ""));
    EXPECT_TRUE(twilio::equal_in_constant_time("abc", "abc"));
    EXPECT_TRUE(twilio::equal_in_constant_time("a\0b"sv, "a\0b"sv));
    EXPECT_FALSE(twilio::equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(twilio::equal_in_constant_time("bbc", "abc"));
    EXPECT_FALSE(twilio::equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(twilio::equal_in_constant_time("a\0b"sv, "a\0c"sv));
}

}  // namespace
