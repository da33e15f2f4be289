#include "twilio/signature.hpp"

#include "encoding/base64.hpp"
#include "twilio/signed_url.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace twilio {
namespace {

// The fields' share of the signed text: names and values without separators. Sorted by name alone, never by the joined
// text
// ("a"+"z" comes before "aa"+"b"); a repeated name gives each distinct value once.
std::string signed_fields(const encoding::FormFields& fields) {
    std::vector<std::pair<std::string_view, std::string_view>> sorted(fields.begin(), fields.end());
    if (!std::ranges::is_sorted(sorted)) std::ranges::sort(sorted);  // Twilio mostly sends them in this order
    const auto repeated = std::ranges::unique(sorted);
    sorted.erase(repeated.begin(), repeated.end());
    std::size_t bytes = 0;
    for (const auto& [name, value] : sorted) bytes += name.size() + value.size();
    std::string text;
    text.reserve(bytes);
    for (const auto& [name, value] : sorted) text.append(name).append(value);
    return text;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) hex.append({digits[byte >> 4U], digits[byte & 15U]});
    return hex;
}

// Collects the spellings tried until one matches.
class Attempts {
public:
    Attempts(const SigningKey& key, std::string_view signature) : key_(key), signature_(signature) {}

    bool match(std::string_view url, const encoding::FormFields& fields) {
        const std::string fields_text = signed_fields(fields);
        if (is_signed(likeliest_spelling(url), fields_text)) return true;  // the others cost more than all the rest
        const auto spellings = signed_url_spellings(url);
        remember(spellings.front());
        for (const std::string& spelling : std::span(spellings).subspan(1)) {
            remember(spelling);
            if (is_signed(spelling, fields_text)) return true;
        }
        return false;
    }

    std::unexpected<SignatureMismatch> mismatch() { return std::unexpected(SignatureMismatch{std::move(urls_tried_)}); }

private:
    bool is_signed(const std::string& spelling, const std::string& fields_text) const {
        const std::string expected = key_.sign(spelling, fields_text);
        return !expected.empty() && equal_in_constant_time(expected, signature_);
    }
    void remember(std::string_view spelling) {
        std::string shown = without_query_values(spelling);
        if (std::ranges::find(urls_tried_, shown) == urls_tried_.end()) urls_tried_.push_back(std::move(shown));
    }

    const SigningKey& key_;
    std::string_view signature_;
    std::vector<std::string> urls_tried_;
};

}  // namespace

SigningKey::SigningKey(const Secret& auth_token) {
    if (auth_token.empty()) return;
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
    if (hmac) context_.reset(EVP_MAC_CTX_new(hmac.get()));
    if (!context_) return;
    char digest[] = "SHA1";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    const std::string& key = auth_token.reveal();
    if (EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters) != 1)
        context_.reset();
}

void SigningKey::Free::operator()(evp_mac_ctx_st* context) const {
    EVP_MAC_CTX_free(context);
}

std::string SigningKey::sign(std::string_view url, std::string_view fields) const {
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    std::size_t size = 0;
    const auto add = [this](std::string_view text) {
        return EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    };
    if (empty() || EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||  // with the same key again
        !add(url) || !add(fields) || EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) != 1) {
        return {};
    }
    return encoding::to_base64(std::as_bytes(std::span(digest)));
}

std::string sign(const SigningKey& key, std::string_view url, const encoding::FormFields& fields) {
    return key.sign(url, signed_fields(fields));
}

std::expected<void, SignatureMismatch> verify_webhook(const SigningKey& key, std::string_view url,
                                                      const encoding::FormFields& fields, std::string_view signature) {
    Attempts attempts(key, signature);
    if (attempts.match(url, fields)) return {};
    return attempts.mismatch();
}

std::expected<void, SignatureMismatch> verify_json_webhook(const SigningKey& key, std::string_view url,
                                                           std::string_view raw_body, std::string_view signature) {
    Attempts attempts(key, signature);
    const bool url_is_signed = attempts.match(url, {});
    const auto query = encoding::parse_form(query_of(url));
    const auto body_hash = query ? encoding::find(*query, "bodySHA256") : std::nullopt;
    const bool body_is_signed = body_hash && equal_in_constant_time(sha256_hex(raw_body), *body_hash);
    if (url_is_signed && body_is_signed) return {};
    return attempts.mismatch();
}

std::expected<void, SignatureMismatch> verify_upgrade(const SigningKey& key, std::string_view wss_url,
                                                      std::string_view signature) {
    Attempts attempts(key, signature);
    const std::string other_slash = with_other_trailing_slash(wss_url);
    for (const std::string_view url : {wss_url, std::string_view(other_slash)}) {
        if (attempts.match(url, {})) return {};
        const std::string_view query = query_of(url);
        if (query.empty()) continue;
        const auto fields = encoding::parse_form(query);
        if (fields && attempts.match(without_query(url), *fields)) return {};
    }
    return attempts.mismatch();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace twilio
