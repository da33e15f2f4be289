#include "encoding/base64.hpp"

#include "encoding/base64_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace encoding {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::vector<std::byte> random_bytes(std::mt19937& random, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
}

// Base64 as the standard words it: the bits in a row, six at a time. Slow, and too plain to be wrong in the same way.
std::string reference_encoding(std::span<const std::byte> bytes) {
    std::string bits;
    for (const std::byte byte : bytes)
        for (int bit = 7; bit >= 0; --bit) bits += (std::to_integer<int>(byte) >> bit & 1) != 0 ? '1' : '0';
    while (bits.size() % 6 != 0) bits += '0';
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += 6) text += alphabet[std::stoul(bits.substr(i, 6), nullptr, 2)];
    while (text.size() % 4 != 0) text += '=';
    return text;
}

struct Vector {
    std::string_view plain, encoded;
};

// RFC 4648 section 10.
constexpr Vector rfc_vectors[] = {{"", ""},
                                  {"f", "Zg=="},
                                  {"fo", "Zm8="},
                                  {"foo", "Zm9v"},
                                  {"foob", "Zm9vYg=="},
                                  {"fooba", "Zm9vYmE="},
                                  {"foobar", "Zm9vYmFy"}};

TEST(Base64, agrees_with_the_vectors_of_the_standard) {
    for (const auto& [plain, encoded] : rfc_vectors) {
        EXPECT_EQ(to_base64(bytes_of(plain)), encoded);
        const auto decoded = from_base64(encoded);
        ASSERT_TRUE(decoded.has_value()) << encoded;
        EXPECT_TRUE(std::ranges::equal(*decoded, bytes_of(plain))) << encoded;
    }
}

TEST(Base64, decodes_what_it_encodes_for_every_length_up_to_a_thousand) {
    std::mt19937 random(1);
    for (std::size_t size = 0; size <= 1000; ++size) {
        const auto bytes = random_bytes(random, size);
        const std::string text = to_base64(bytes);
        ASSERT_EQ(text, reference_encoding(bytes)) << size;
        ASSERT_EQ(text.size(), base64_size(size));
        const auto decoded = from_base64(text);
        ASSERT_TRUE(decoded.has_value()) << size;
        ASSERT_EQ(*decoded, bytes);
    }
}

TEST(Base64, appends_behind_what_is_there) {
    std::string text = "payload:";
    append_base64(text, bytes_of("foo"));
    EXPECT_EQ(text, "payload:Zm9v");

    std::vector<std::byte> bytes{std::byte{7}};
    ASSERT_TRUE(append_from_base64(bytes, "Zg==").has_value());
    EXPECT_EQ(bytes, (std::vector{std::byte{7}, std::byte{'f'}}));
}

TEST(Base64, refuses_a_length_that_is_not_a_multiple_of_four) {
    for (const std::string_view text : {"Z", "Zg", "Zg=", "Zm9vY", "Zm9vYg"})
        EXPECT_EQ(from_base64(text).error(), Base64Error::bad_length) << text;
}

TEST(Base64, refuses_padding_anywhere_but_at_the_end) {
    for (const std::string_view text : {"====", "Z===", "=g==", "Z=g=", "Zg==Zm9v", "Zm8=Zm9v", "Zm=v"})
        EXPECT_EQ(from_base64(text).error(), Base64Error::bad_character) << text;
}

TEST(Base64, ignores_the_bits_that_padding_leaves_over) {
    EXPECT_EQ(from_base64("Zh=="), from_base64("Zg=="));
    EXPECT_EQ(from_base64("Zm9="), from_base64("Zm8="));
    EXPECT_EQ(from_base64("AQIDBAUGBwgJCgsMDQ4PEC==")->size(), 16U);  // RFC 6455 section 4.1
}

TEST(Base64, refuses_every_foreign_byte_at_every_place_of_a_long_text) {
    const std::string good(100, 'A');
    for (int code = 0; code < 256; ++code) {
        const char c = static_cast<char>(code);
        for (std::size_t place = 0; place < good.size(); ++place) {
            std::string text = good;
            text[place] = c;
            const bool padding_at_end = c == '=' && place == good.size() - 1;
            const bool allowed = alphabet.find(c) != std::string_view::npos || padding_at_end;
            ASSERT_EQ(from_base64(text).has_value(), allowed) << "byte " << code << " at " << place;
        }
    }
}

TEST(Base64, leaves_the_output_alone_when_it_refuses) {
    std::vector<std::byte> bytes{std::byte{1}, std::byte{2}};
    const auto before = bytes;
    std::string text(400, 'A');
    text[250] = '-';
    EXPECT_FALSE(append_from_base64(bytes, text).has_value());
    EXPECT_FALSE(append_from_base64(bytes, "AAAA*AAA").has_value());
    EXPECT_FALSE(append_from_base64(bytes, "AAAAAAA*").has_value());
    EXPECT_EQ(bytes, before);
}

class Base64Kernels : public testing::Test {
protected:
    void SetUp() override {
        if (!base64_kernels::avx2_available()) GTEST_SKIP() << "this processor has no AVX2";
    }
};

TEST_F(Base64Kernels, encode_alike) {
    std::mt19937 random(2);
    for (int round = 0; round < 3000; ++round) {
        const auto bytes = random_bytes(random, random() % 600);
        std::string scalar(base64_size(bytes.size()), '?'), avx2 = scalar;
        base64_kernels::encode_scalar(bytes, scalar.data());
        base64_kernels::encode_avx2(bytes, avx2.data());
        ASSERT_EQ(avx2, scalar) << bytes.size();
    }
}

// Half of the texts are damaged in one place, so both the verdict and the bytes are compared.
TEST_F(Base64Kernels, decode_and_refuse_alike_and_stay_within_the_output) {
    std::mt19937 random(3);
    for (int round = 0; round < 6000; ++round) {
        std::string text(random() % 150 * 4, '?');
        for (char& c : text) c = alphabet[random() % alphabet.size()];
        if (!text.empty() && round % 2 == 0) text[random() % text.size()] = static_cast<char>(random());

        const std::size_t size = text.size() / 4 * 3;
        constexpr std::byte guard{0x5A};
        std::vector<std::byte> scalar(size + 64, guard), avx2 = scalar;
        const bool scalar_accepts = base64_kernels::decode_scalar(text, scalar.data());
        ASSERT_EQ(base64_kernels::decode_avx2(text, avx2.data()), scalar_accepts) << text;
        if (scalar_accepts) {
            ASSERT_EQ(avx2, scalar) << text;
        }
        ASSERT_TRUE(std::all_of(avx2.begin() + static_cast<std::ptrdiff_t>(size), avx2.end(),
                                [&](std::byte byte) { return byte == guard; }));
    }
}

}  // namespace
}  // namespace encoding
