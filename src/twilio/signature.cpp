#include "twilio/signature.hpp"

#include "encoding/base64.hpp"
#include "twilio/signed_url.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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
    std::ranges::sort(sorted);
    const auto repeated = std::ranges::unique(sorted);
    sorted.erase(repeated.begin(), repeated.end());
    std::string text;
    for (const auto& [name, value] : sorted) text.append(name).append(value);
    return text;
}

std::string hmac_sha1_base64(const Secret& auth_token, std::string_view text) {
    const std::string& key = auth_token.reveal();
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    unsigned int size = 0;
    // Can fail only for want of memory, or where SHA-1 is forbidden by policy: then nothing verifies.
    if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), digest.data(), &size) == nullptr) {
        return {};
    }
    return encoding::to_base64(std::as_bytes(std::span(digest)));
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
    Attempts(const Secret& auth_token, std::string_view signature) : auth_token_(auth_token), signature_(signature) {}

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
        if (auth_token_.empty()) return false;
        const std::string expected = hmac_sha1_base64(auth_token_, spelling + fields_text);
        return !expected.empty() && equal_in_constant_time(expected, signature_);
    }
    void remember(std::string_view spelling) {
        std::string shown = without_query_values(spelling);
        if (std::ranges::find(urls_tried_, shown) == urls_tried_.end()) urls_tried_.push_back(std::move(shown));
    }

    const Secret& auth_token_;
    std::string_view signature_;
    std::vector<std::string> urls_tried_;
};

}  // namespace

std::string sign(const Secret& auth_token, std::string_view url, const encoding::FormFields& fields) {
    return hmac_sha1_base64(auth_token, std::string(url) + signed_fields(fields));
}

std::expected<void, SignatureMismatch> verify_webhook(const Secret& auth_token, std::string_view url,
                                                      const encoding::FormFields& fields, std::string_view signature) {
    Attempts attempts(auth_token, signature);
    if (attempts.match(url, fields)) return {};
    return attempts.mismatch();
}

std::expected<void, SignatureMismatch> verify_json_webhook(const Secret& auth_token, std::string_view url,
                                                           std::string_view raw_body, std::string_view signature) {
    Attempts attempts(auth_token, signature);
    const bool url_is_signed = attempts.match(url, {});
    const auto query = encoding::parse_form(query_of(url));
    const auto body_hash = query ? encoding::find(*query, "bodySHA256") : std::nullopt;
    const bool body_is_signed = body_hash && equal_in_constant_time(sha256_hex(raw_body), *body_hash);
    if (url_is_signed && body_is_signed) return {};
    return attempts.mismatch();
}

std::expected<void, SignatureMismatch> verify_upgrade(const Secret& auth_token, std::string_view wss_url,
                                                      std::string_view signature) {
    Attempts attempts(auth_token, signature);
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
