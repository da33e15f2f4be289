#pragma once
// Clips as files of one directory, bounded, the least recently used dropped first. What is read is whole: a file is
// written under another name, synced and renamed, and everything in it is checked when it is read, so that neither a
// crash in the middle nor a failing disk is ever heard.
//
// Several processes may share the directory (`mouthpiece warm` fills that of a running server). Files with names that
// are not ours are left alone. Every call blocks on the disk; all may be made from any thread.

#include "audio/clip.hpp"
#include "gateway/clip_file.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

namespace gateway {

class ClipDirectory {
public:
    struct Options {
        std::filesystem::path path{};
        std::uint64_t bytes_max = 512u << 20;
        std::size_t clip_bytes_max = 2u << 20;  // what is longer is neither written nor believed
    };
    struct Figures {
        std::uint64_t hits = 0, misses = 0, stored = 0, evicted = 0;
        std::uint64_t damaged = 0;           // dropped because something in them was wrong
        std::uint64_t not_stored = 0;        // the disk was full or would not have it
        std::uint64_t bytes = 0, files = 0;  // there now, as far as this process knows
    };

    explicit ClipDirectory(Options options);

    // Makes the directory (mode 0700) if there is none, removes what a crash left behind, adds up what is there. The
    // error is a phrase; until a later open() or write() finds the directory usable, every read misses.
    std::expected<void, std::string> open();

    std::optional<audio::Clip> read(const ClipDigest& key);
    // The error is a phrase of the system's: "No space left on device".
    std::expected<void, std::string> write(const ClipDigest& key, const audio::Clip& clip);
    void purge();

    Figures figures() const;
    const Options& options() const { return options_; }

private:
    std::optional<audio::Clip> read_whole(const ClipDigest& key, const std::filesystem::path& file);
    std::expected<void, std::string> write_whole(const ClipDigest& key, const audio::Clip& clip);
    void make_room();
    void forget(std::uint64_t bytes);

    using Counter = std::atomic<std::uint64_t>;
    const Options options_;
    std::atomic<bool> usable_ = false;
    Counter hits_{0}, misses_{0}, stored_{0}, evicted_{0}, damaged_{0}, not_stored_{0};
    std::atomic<std::int64_t> bytes_{0}, files_{0};  // others may add and remove: corrected by every count
    Counter temporaries_{0};
};

}  // namespace gateway
