#pragma once
// A set of API keys, kept as SHA-256 digests, which nobody can use who gets to see them.

#include "redacted.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class ApiKeys {
public:
    static constexpr std::size_t keys_max = 1'000;
    static constexpr std::size_t key_length_min = 8, key_length_max = 256;

    // "key,key"; or one key a line, with blank lines and lines that begin with '#' passed over. A key is 8 to 256
    // visible ASCII characters without a comma. Errors are the second half of a sentence and never quote a key.
    static std::expected<ApiKeys, std::string> from_list(const Secret& commas);
    static std::expected<ApiKeys, std::string> from_lines(const Secret& text);
    static std::expected<ApiKeys, std::string> from_file(const std::string& path);

    bool empty() const { return digests_.empty(); }
    std::size_t size() const { return digests_.size(); }
    void add(const ApiKeys& others);

    // Takes as long for a key that is nearly right as for any other.
    bool contains(std::string_view key) const;

    friend bool operator==(const ApiKeys&, const ApiKeys&) = default;

private:
    using Digest = std::array<std::uint8_t, 32>;
    static std::expected<ApiKeys, std::string> split(const std::string& text, char separator);
    static Digest digest_of(std::string_view key);

    std::vector<Digest> digests_;
};

}  // namespace gateway
