#pragma once
// One clip as the bytes of a file, and the name of that file. Neither holds the text that is spoken.
//
//   0   8  "MPCLIP1\n"              what this is, and the version of the layout
//   8   8  length of the audio      little-endian
//  16  32  SHA-256 of the key       the same as in the name: a file under another's name is noticed
//  48  32  SHA-256 of the audio
//  80   n  the audio, mu-law 8 kHz

#include "audio/clip.hpp"
#include "speech/clip_store.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

using ClipDigest = std::array<std::byte, 32>;

inline constexpr std::size_t clip_header_bytes = 80;

ClipDigest digest_of(const speech::ClipKey& key);

// "3fa0….clip": 64 hexadecimal digits. Stable between versions, as ClipKey::canonical is.
std::string clip_file_name(const ClipDigest& key);
bool is_clip_file_name(std::string_view name);

std::vector<std::byte> write_clip_header(const ClipDigest& key, const audio::Clip& clip);

// The audio, if every byte is as write_clip_header described it and it was written under this key.
std::optional<audio::Clip> read_clip_file(const ClipDigest& key, std::vector<std::byte> file);

}  // namespace gateway
