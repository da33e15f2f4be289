#include "gateway/api_keys.hpp"

#include "encoding/trim.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace gateway {

namespace {

constexpr std::size_t file_bytes_max = 512 * 1024;

bool is_key(std::string_view text) {
    return text.size() >= ApiKeys::key_length_min && text.size() <= ApiKeys::key_length_max &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ','; });
}

}  // namespace

std::expected<ApiKeys, std::string> ApiKeys::from_list(const Secret& commas) {
    return split(commas.reveal(), ',');
}

std::expected<ApiKeys, std::string> ApiKeys::from_lines(const Secret& text) {
    return split(text.reveal(), '\n');
}

std::expected<ApiKeys, std::string> ApiKeys::from_file(const std::string& path) {
    const auto unreadable = [&] { return std::unexpected(fmt::format("names '{}', which cannot be read", path)); };
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable();
    std::string text(file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return unreadable();  // a directory, for one
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_bytes_max) return std::unexpected(fmt::format("names '{}', which is too large", path));
    return from_lines(Secret(std::move(text)));
}

std::expected<ApiKeys, std::string> ApiKeys::split(const std::string& text, char separator) {
    ApiKeys keys;
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = rest.find(separator);
        const std::string_view key = encoding::trimmed(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (key.empty() || (separator == '\n' && key.starts_with('#'))) continue;
        if (!is_key(key)) {
            return std::unexpected(fmt::format("has as its {} number {} no key: {} to {} visible ASCII characters",
                                               separator == '\n' ? "line" : "entry", number, key_length_min,
                                               key_length_max));
        }
        if (keys.size() == keys_max) return std::unexpected(fmt::format("has more than {} keys", keys_max));
        keys.digests_.push_back(digest_of(key));
    }
    return keys;
}

void ApiKeys::add(const ApiKeys& others) {
    digests_.insert(digests_.end(), others.digests_.begin(), others.digests_.end());
}

bool ApiKeys::contains(std::string_view key) const {
    const Digest given = digest_of(key);
    int equal = 0;
    for (const Digest& known : digests_) {
        equal |= static_cast<int>(CRYPTO_memcmp(known.data(), given.data(), given.size()) == 0);
    }
    return equal != 0;
}

ApiKeys::Digest ApiKeys::digest_of(std::string_view key) {
    Digest digest{};
    ::SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
    return digest;
}

}  // namespace gateway
