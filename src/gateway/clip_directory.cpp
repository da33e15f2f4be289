#include "gateway/clip_directory.hpp"

#include "gateway/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_prefix = "writing-";

std::unexpected<std::string> system_failure() {
    return std::unexpected(std::string(std::strerror(errno)));
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(int file, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const auto got = ::read(file, bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

struct StoredFile {
    fs::path path;
    std::uint64_t bytes;
    fs::file_time_type used;
};

std::vector<StoredFile> stored_files(const fs::path& directory) {
    std::vector<StoredFile> found;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        if (!is_clip_file_name(entry->path().filename().native())) continue;
        std::error_code gone;  // between listing and looking another may remove it
        const auto bytes = entry->file_size(gone);
        const auto used = gone ? fs::file_time_type{} : entry->last_write_time(gone);
        if (!gone) found.push_back({entry->path(), bytes, used});
    }
    return found;
}

// A file that is being written is locked by its writer; one that is not has lost it.
void remove_leftovers(const fs::path& directory) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        if (!entry->path().filename().native().starts_with(temporary_prefix)) continue;
        const Descriptor file(::open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (file && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    }
}

}  // namespace

ClipDirectory::ClipDirectory(Options options)
    : options_([&] {
          options.path = options.path.lexically_normal();
          if (!options.path.has_filename()) options.path = options.path.parent_path();  // "clips/"
          return std::move(options);
      }()) {}

std::expected<void, std::string> ClipDirectory::open() {
    std::error_code error;
    fs::create_directories(options_.path.parent_path(), error);
    const bool made = ::mkdir(options_.path.c_str(), 0700) == 0;
    struct stat status{};
    if ((!made && errno != EEXIST) || ::stat(options_.path.c_str(), &status) != 0) {
        return std::unexpected(fmt::format("cannot make {}: {}", options_.path.native(), std::strerror(errno)));
    }
    if (!S_ISDIR(status.st_mode)) return std::unexpected(fmt::format("{} is not a directory", options_.path.native()));
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return std::unexpected(
            fmt::format("others may write to {}: what is played from there could be theirs", options_.path.native()));
    }
    if (::access(options_.path.c_str(), R_OK | W_OK | X_OK) != 0) {
        return std::unexpected(fmt::format("cannot use {}: {}", options_.path.native(), std::strerror(errno)));
    }
    usable_ = true;
    remove_leftovers(options_.path);
    make_room();
    return {};
}

std::optional<audio::Clip> ClipDirectory::read(const ClipDigest& key) {
    auto clip = usable_ ? read_whole(key, options_.path / clip_file_name(key)) : std::nullopt;
    ++(clip ? hits_ : misses_);
    return clip;
}

std::optional<audio::Clip> ClipDirectory::read_whole(const ClipDigest& key, const fs::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.number(), &status) != 0) return std::nullopt;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::optional<audio::Clip> clip;
    if (S_ISREG(status.st_mode) && size <= clip_header_bytes + options_.clip_bytes_max) {
        std::vector<std::byte> bytes(size);
        if (read_all(file.number(), bytes)) clip = read_clip_file(key, std::move(bytes));
    }
    if (clip) {
        ::futimens(file.number(), nullptr);  // used now: the order in which they are dropped
    } else {
        ++damaged_;
        if (::unlink(path.c_str()) == 0) forget(size);
    }
    return clip;
}

std::expected<void, std::string> ClipDirectory::write(const ClipDigest& key, const audio::Clip& clip) {
    if (clip.empty() || clip.size() > options_.clip_bytes_max) return {};
    auto written = usable_ ? std::expected<void, std::string>() : open();
    if (written) written = write_whole(key, clip);
    if (!written) {
        ++not_stored_;
        return written;
    }
    ++stored_;
    if (bytes_ > static_cast<std::int64_t>(options_.bytes_max)) make_room();
    return {};
}

std::expected<void, std::string> ClipDirectory::write_whole(const ClipDigest& key, const audio::Clip& clip) {
    // No two writers share a name: not in this process, and not with another of the same number in another container.
    const fs::path temporary = options_.path / fmt::format("{}{}-{}-{}", temporary_prefix, ::getpid(), ++temporaries_,
                                                           clip_file_name(key).substr(0, 16));
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
        usable_ = errno != ENOENT;  // removed while we run: made again by the next write
        return system_failure();
    }
    ::flock(file.number(), LOCK_EX | LOCK_NB);
    const auto header = write_clip_header(key, clip);
    const fs::path path = options_.path / clip_file_name(key);
    struct stat replaced{};
    const bool replaces = ::stat(path.c_str(), &replaced) == 0;
    if (!write_all(file.number(), header) || !write_all(file.number(), clip.bytes()) || ::fsync(file.number()) != 0 ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        const auto failure = system_failure();
        ::unlink(temporary.c_str());
        return failure;
    }
    if (replaces) forget(static_cast<std::uint64_t>(replaced.st_size));
    bytes_ += static_cast<std::int64_t>(header.size() + clip.size());
    ++files_;
    return {};
}

// Counts what is there, whoever wrote it, and if that is too much drops the longest unused down to nine tenths, so that
// the next count is a while away.
void ClipDirectory::make_room() {
    auto files = stored_files(options_.path);
    std::uint64_t bytes = 0;
    for (const StoredFile& file : files) bytes += file.bytes;
    std::size_t left = files.size();
    if (bytes > options_.bytes_max) {
        std::ranges::sort(files, {}, &StoredFile::used);
        for (const StoredFile& file : files) {
            if (bytes <= options_.bytes_max / 10 * 9) break;
            ::unlink(file.path.c_str());
            bytes -= file.bytes;
            --left;
            ++evicted_;
        }
    }
    bytes_ = static_cast<std::int64_t>(bytes);
    files_ = static_cast<std::int64_t>(left);
}

void ClipDirectory::purge() {
    for (const StoredFile& file : stored_files(options_.path)) ::unlink(file.path.c_str());
    make_room();
}

void ClipDirectory::forget(std::uint64_t bytes) {
    bytes_ -= static_cast<std::int64_t>(bytes);
    --files_;
}

ClipDirectory::Figures ClipDirectory::figures() const {
    const auto at_least_none = [](std::int64_t value) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    };
    return {.hits = hits_,
            .misses = misses_,
            .stored = stored_,
            .evicted = evicted_,
            .damaged = damaged_,
            .not_stored = not_stored_,
            .bytes = at_least_none(bytes_),
            .files = at_least_none(files_)};
}

}  // namespace gateway
