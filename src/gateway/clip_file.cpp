#include "gateway/clip_file.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace gateway {

namespace {

constexpr std::string_view magic = "MPCLIP1\n";
constexpr std::string_view extension = ".clip";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t length_at = 8, key_at = 16, audio_digest_at = 48;

ClipDigest sha256(std::span<const std::byte> bytes) {
    ClipDigest digest;
    ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
             reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

bool holds(std::span<const std::byte> file, std::size_t at, std::span<const std::byte> expected) {
    return std::ranges::equal(file.subspan(at, expected.size()), expected);
}

}  // namespace

ClipDigest digest_of(const speech::ClipKey& key) {
    const Secret canonical = key.canonical();
    return sha256(std::as_bytes(std::span(canonical.reveal())));
}

std::string clip_file_name(const ClipDigest& key) {
    std::string name;
    name.reserve(2 * key.size() + extension.size());
    for (const std::byte byte : key) {
        name += hex_digits[std::to_integer<std::size_t>(byte >> 4)];
        name += hex_digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return name += extension;
}

bool is_clip_file_name(std::string_view name) {
    if (name.size() != 2 * ClipDigest{}.size() + extension.size() || !name.ends_with(extension)) return false;
    name.remove_suffix(extension.size());
    return name.find_first_not_of(hex_digits) == std::string_view::npos;
}

std::vector<std::byte> write_clip_header(const ClipDigest& key, const audio::Clip& clip) {
    std::vector<std::byte> header(clip_header_bytes);
    std::memcpy(header.data(), magic.data(), magic.size());
    for (std::size_t i = 0; i < 8; ++i)
        header[length_at + i] = static_cast<std::byte>(std::uint64_t{clip.size()} >> (8 * i));
    std::ranges::copy(key, header.begin() + key_at);
    std::ranges::copy(sha256(clip.bytes()), header.begin() + audio_digest_at);
    return header;
}

std::optional<audio::Clip> read_clip_file(const ClipDigest& key, std::vector<std::byte> file) {
    if (file.size() <= clip_header_bytes) return std::nullopt;  // no audio is no clip either
    const auto mulaw = std::span(file).subspan(clip_header_bytes);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 8; ++i) length |= std::to_integer<std::uint64_t>(file[length_at + i]) << (8 * i);
    if (!holds(file, 0, std::as_bytes(std::span(magic))) || length != mulaw.size()) return std::nullopt;
    if (!holds(file, key_at, key) || !holds(file, audio_digest_at, sha256(mulaw))) return std::nullopt;
    return audio::Clip(std::move(file)).from(clip_header_bytes);
}

}  // namespace gateway
