#pragma once
// Keys and clips that a test can tell apart, and a directory that goes with the test.

#include "gateway/clip_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace test {

inline speech::ClipKey clip_key(std::string text) {
    return {.provider = "elevenlabs", .text = Secret(std::move(text)), .voice = {.id = "voice-1"}};
}

inline audio::Clip test_clip(std::size_t size, unsigned seed = 0) {
    std::vector<std::byte> mulaw(size);
    for (std::size_t i = 0; i < size; ++i)
        mulaw[i] = static_cast<std::byte>((i * 31 + (i >> 8) * 7 + seed * 101) & 0xFF);
    return audio::Clip(std::move(mulaw));
}

inline std::vector<std::byte> bytes_of(const audio::Clip& clip) {
    return {clip.bytes().begin(), clip.bytes().end()};
}

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string path = (std::filesystem::temp_directory_path() / "mouthpiece-XXXXXX").string();
        if (::mkdtemp(path.data()) != nullptr) path_ = path;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
    return names;
}

inline std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace test
