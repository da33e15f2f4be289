#include "gateway/recording_directory.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gateway {

namespace {

std::chrono::milliseconds length_of(std::uint64_t bytes) {
    const auto frames = (bytes - std::min<std::uint64_t>(bytes, audio::stereo_head_bytes)) / 2;
    return std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(frames));
}

std::optional<Recording> recording_in(const RecordingFileName& file, std::uint64_t bytes) {
    const auto name = read_recording_name(file.name);
    if (!name) return std::nullopt;
    return Recording{.name = std::string(file.name),
                     .call_sid = std::string(name->call_sid),
                     .began = name->began,
                     .length = length_of(bytes),
                     .bytes = bytes,
                     .state = file.state};
}

}  // namespace

std::filesystem::path RecordingDirectory::path_of(std::string_view name, RecordingState state) const {
    return options_.path / recording_file_name(name, state);
}

std::expected<void, std::string> RecordingDirectory::open() {
    std::error_code error;
    std::filesystem::create_directories(options_.path.parent_path(), error);
    const bool made = ::mkdir(options_.path.c_str(), 0700) == 0;
    struct stat status{};
    if ((!made && errno != EEXIST) || ::stat(options_.path.c_str(), &status) != 0)
        return std::unexpected(fmt::format("cannot make {}: {}", options_.path.native(), std::strerror(errno)));
    if (!S_ISDIR(status.st_mode)) return std::unexpected(fmt::format("{} is not a directory", options_.path.native()));
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return std::unexpected(fmt::format("others may write to {}", options_.path.native()));
    if (::access(options_.path.c_str(), R_OK | W_OK | X_OK) != 0)
        return std::unexpected(fmt::format("cannot use {}: {}", options_.path.native(), std::strerror(errno)));
    mend();
    return {};
}

void RecordingDirectory::mend() const {
    for (const Recording& recording : list()) {
        if (recording.state == RecordingState::being_written) mend_recording(options_.path, recording.name);
    }
}

std::vector<Recording> RecordingDirectory::list() const {
    std::vector<Recording> found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(options_.path, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string file_name = entry->path().filename().native();
        const auto file = read_recording_file_name(file_name);
        std::error_code gone;  // between listing and looking another may remove it
        const auto bytes = file ? entry->file_size(gone) : 0;
        if (!file || gone) continue;
        if (auto recording = recording_in(*file, bytes)) found.push_back(std::move(*recording));
    }
    std::ranges::sort(found, std::ranges::greater(), &Recording::name);  // begins with the time
    return found;
}

std::optional<RecordingState> RecordingDirectory::state_of(std::string_view name) const {
    if (!read_recording_name(name)) return std::nullopt;
    for (const auto state : {RecordingState::whole, RecordingState::cut, RecordingState::being_written}) {
        if (::access(path_of(name, state).c_str(), F_OK) == 0) return state;
    }
    return std::nullopt;
}

std::optional<RecordingDirectory::Opened> RecordingDirectory::open_to_read(std::string_view name) const {
    const auto state = state_of(name);
    if (!state) return std::nullopt;
    Descriptor file(::open(path_of(name, *state).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    auto recording = recording_in({name, *state}, static_cast<std::uint64_t>(status.st_size));
    if (!recording) return std::nullopt;
    return Opened{std::move(*recording), std::move(file)};
}

RecordingDirectory::Removal RecordingDirectory::remove(std::string_view name) {
    const auto opened = open_to_read(name);
    if (!opened) return Removal::unknown;
    if (opened->recording.state == RecordingState::being_written) return Removal::being_written;
    if (!drop(opened->recording)) return Removal::unknown;
    ++by_request_;
    return Removal::removed;
}

bool RecordingDirectory::drop(const Recording& recording) {
    if (::unlink(path_of(recording.name, recording.state).c_str()) != 0) return false;
    bytes_ -= static_cast<std::int64_t>(recording.bytes);
    --files_;
    return true;
}

std::expected<RecordingFile, std::string> RecordingDirectory::create(WallTime began, std::string_view call_sid) {
    auto file = RecordingFile::create(options_.path, began, call_sid);
    if (!file && ::access(options_.path.c_str(), F_OK) != 0 && open())
        file = RecordingFile::create(options_.path, began, call_sid);  // removed
    if (file) {
        ++files_;
        note_written(file->bytes());
    }
    return file;
}

bool RecordingDirectory::make_room(std::uint64_t bytes) {
    const auto fits = [&](std::uint64_t most) {
        return bytes_ + static_cast<std::int64_t>(bytes) <= static_cast<std::int64_t>(most);
    };
    if (fits(options_.bytes_max)) return true;
    const auto all = list();
    std::uint64_t there = 0;
    for (const Recording& recording : all) there += recording.bytes;
    bytes_ = static_cast<std::int64_t>(there);
    // A little more than asked for, so that the next count is a while away.
    const std::uint64_t enough = options_.bytes_max - options_.bytes_max / 50;
    for (auto oldest = all.rbegin(); oldest != all.rend() && !fits(enough); ++oldest) {
        if (oldest->state != RecordingState::being_written && drop(*oldest)) ++for_room_;
    }
    return fits(options_.bytes_max);
}

void RecordingDirectory::sweep(WallTime now) {
    std::uint64_t bytes = 0, files = 0;
    for (const Recording& recording : list()) {
        const bool old = options_.keep_for.count() > 0 && recording.began + options_.keep_for < now;
        if (old && recording.state != RecordingState::being_written && drop(recording)) {
            ++by_age_;
            continue;
        }
        bytes += recording.bytes;
        ++files;
    }
    bytes_ = static_cast<std::int64_t>(bytes);
    files_ = static_cast<std::int64_t>(files);
}

RecordingDirectory::Figures RecordingDirectory::figures() const {
    const auto at_least_none = [](std::int64_t value) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    };
    return {.bytes = at_least_none(bytes_),
            .files = at_least_none(files_),
            .removed_for_room = for_room_,
            .removed_by_age = by_age_,
            .removed_by_request = by_request_};
}

}  // namespace gateway
