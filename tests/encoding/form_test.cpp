#include "encoding/form.hpp"

#include <gtest/gtest.h>

namespace encoding {
namespace {

FormFields fields_of(std::string_view body) {
    const auto fields = parse_form(body);
    EXPECT_TRUE(fields.has_value());
    return fields.value_or(FormFields{});
}

TEST(Form, reads_a_webhook_body) {
    const auto fields = fields_of("CallSid=CA0123&From=%2B14155550100&CallerName=Ana+Mar%C3%ADa&CallStatus=ringing");
    EXPECT_EQ(fields.size(), 4U);
    EXPECT_EQ(find(fields, "From"), "+14155550100");
    EXPECT_EQ(find(fields, "CallerName"), "Ana Mar\u00eda");
    EXPECT_EQ(find(fields, "CallStatus"), "ringing");
    EXPECT_EQ(find(fields, "To"), std::nullopt);
}

// Twilio's CallToken is itself percent-encoded JSON: one layer comes off, the other is the value (and is signed as
// such).
TEST(Form, takes_off_exactly_one_layer_of_encoding) {
    const auto fields = fields_of("CallToken=%257B%2522parentCallInfoToken%2522%253A%2522ey%252BJ%2522%257D");
    EXPECT_EQ(find(fields, "CallToken"), "%7B%22parentCallInfoToken%22%3A%22ey%2BJ%22%7D");
}

TEST(Form, keeps_order_and_duplicates_and_finds_the_first) {
    const FormFields expected{{"a", "1"}, {"b", "2"}, {"a", "3"}};
    const auto fields = fields_of("a=1&b=2&a=3");
    EXPECT_EQ(fields, expected);
    EXPECT_EQ(find(fields, "a"), "1");
}

TEST(Form, tells_an_empty_value_from_an_absent_one) {
    const FormFields expected{{"CallerCity", ""}, {"flag", ""}, {"", "nameless"}};
    EXPECT_EQ(fields_of("CallerCity=&flag&=nameless"), expected);
}

TEST(Form, skips_empty_pieces) {
    EXPECT_TRUE(fields_of("").empty());
    EXPECT_TRUE(fields_of("&&&").empty());
    EXPECT_EQ(fields_of("&a=1&&b=2&"), (FormFields{{"a", "1"}, {"b", "2"}}));
}

TEST(Form, splits_at_the_first_equals_sign_only) {
    EXPECT_EQ(fields_of("token=a=b=="), (FormFields{{"token", "a=b=="}}));
}

TEST(Form, lets_a_broken_percent_sign_stand_for_itself) {
    EXPECT_EQ(fields_of("a=100%&b=%4&c=%zz&d=%%41&e=%4g"),
              (FormFields{{"a", "100%"}, {"b", "%4"}, {"c", "%zz"}, {"d", "%A"}, {"e", "%4g"}}));
}

TEST(Form, reads_hex_digits_of_either_case_and_any_byte) {
    const auto fields = fields_of("a=%2f%2F&b=%00%fF");
    EXPECT_EQ(find(fields, "a"), "//");
    EXPECT_EQ(find(fields, "b"), std::string_view("\0\xFF", 2));
}

TEST(Form, decodes_names_as_it_does_values) {
    EXPECT_EQ(fields_of("my+na%6De=x"), (FormFields{{"my name", "x"}}));
    EXPECT_EQ(fields_of("a%26b=c%3Dd"), (FormFields{{"a&b", "c=d"}}));
}

TEST(Form, refuses_more_fields_than_the_limit_and_takes_as_many_as_it) {
    std::string body;
    for (std::size_t i = 0; i < form_fields_max; ++i) body += "a=1&";
    EXPECT_EQ(fields_of(body).size(), form_fields_max);
    EXPECT_EQ(parse_form(body + "a=1").error(), FormError::too_many_fields);
}

TEST(Form, writes_what_a_browser_would) {
    EXPECT_EQ(write_form({{"From", "+1 (415) 555"}, {"q", "*-._~"}, {"", ""}, {"n\u00e4me", "a&b=c"}}),
              "From=%2B1+%28415%29+555&q=*-._%7E&=&n%C3%A4me=a%26b%3Dc");
}

TEST(Form, reads_back_every_byte_it_writes) {
    FormFields fields{{"", ""}};
    for (int code = 0; code < 256; ++code) {
        const std::string text(1, static_cast<char>(code));
        fields.emplace_back(text + "name", "value" + text);
    }
    EXPECT_EQ(fields_of(write_form(fields)), fields);
}

TEST(PercentEncode, leaves_only_unreserved_characters) {
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("a b+c*/?\xFF"), "a%20b%2Bc%2A%2F%3F%FF");
}

TEST(Form, takes_percent_encoding_off_and_lets_a_plus_stand) {
    EXPECT_EQ(encoding::percent_decode("p%40ss+w%2Frd%"), "p@ss+w/rd%");
}

}  // namespace
}  // namespace encoding
