#include "gateway/recording_file.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gateway {

namespace {

constexpr unsigned same_names_max = 1'000;
constexpr std::size_t frame_size = 2;  // a sample of each side

std::unexpected<std::string> disk_failure() {
    return std::unexpected(std::string(std::strerror(errno)));
}

bool is_taken(const std::filesystem::path& directory, std::string_view name) {
    return std::ranges::any_of(std::array{RecordingState::whole, RecordingState::cut}, [&](RecordingState state) {
        return ::access((directory / recording_file_name(name, state)).c_str(), F_OK) == 0;
    });
}

}  // namespace

std::expected<RecordingFile, std::string> RecordingFile::create(const std::filesystem::path& directory, WallTime began,
                                                                std::string_view call_sid) {
    for (unsigned number = 0; number < same_names_max; ++number) {
        std::string name = recording_name(began, call_sid, number);
        if (is_taken(directory, name)) continue;
        const auto path = directory / recording_file_name(name, RecordingState::being_written);
        Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file && errno == EEXIST) continue;
        if (!file) return disk_failure();
        ::flock(file.number(), LOCK_EX | LOCK_NB);
        RecordingFile recording(directory, std::move(name), std::move(file));
        if (auto written = recording.write_head(); !written) {
            ::unlink(path.c_str());
            return std::unexpected(std::move(written.error()));
        }
        return recording;
    }
    errno = EEXIST;
    return disk_failure();
}

std::uint64_t RecordingFile::bytes() const {
    return audio::stereo_head_bytes + frames_ * frame_size;
}

std::expected<void, std::string> RecordingFile::append(std::uint64_t first_frame,
                                                       std::span<const std::byte> mulaw_stereo) {
    if (first_frame > frames_) {
        if (auto filled = fill_with_silence(first_frame); !filled) return filled;
    }
    if (auto written = write_at(bytes(), mulaw_stereo); !written) return written;
    frames_ += mulaw_stereo.size() / frame_size;
    return write_head();
}

std::expected<void, std::string> RecordingFile::fill_with_silence(std::uint64_t up_to_frame) {
    constexpr std::uint64_t frames_at_once = audio::sample_rate_hz;
    const std::vector<std::byte> silence(frames_at_once * frame_size, audio::mulaw_silence);
    while (frames_ < up_to_frame) {
        const auto frames = std::min(frames_at_once, up_to_frame - frames_);
        if (auto written = write_at(bytes(), std::span(silence).first(frames * frame_size)); !written) return written;
        frames_ += frames;
    }
    return {};
}

std::expected<void, std::string> RecordingFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto written = ::pwrite(file_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return disk_failure();
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return {};
}

std::expected<void, std::string> RecordingFile::write_head() {
    return write_at(0, audio::write_stereo_head(static_cast<std::uint32_t>(frames_)));
}

std::expected<void, std::string> RecordingFile::finish(RecordingState as) {
    std::expected<void, std::string> kept;
    // What a failed write left behind the last whole block does not belong to it.
    if (::ftruncate(file_.number(), static_cast<off_t>(bytes())) != 0 || ::fdatasync(file_.number()) != 0) {
        kept = disk_failure();
        as = RecordingState::cut;
    }
    const auto from = directory_ / recording_file_name(name_, RecordingState::being_written);
    if (::rename(from.c_str(), (directory_ / recording_file_name(name_, as)).c_str()) != 0) return disk_failure();
    return kept;
}

bool mend_recording(const std::filesystem::path& directory, std::string_view name) {
    const auto from = directory / recording_file_name(name, RecordingState::being_written);
    const Descriptor file(::open(from.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!file || ::flock(file.number(), LOCK_EX | LOCK_NB) != 0 || ::fstat(file.number(), &status) != 0) return false;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size <= audio::stereo_head_bytes) {
        ::unlink(from.c_str());
        return true;
    }
    const auto frames = static_cast<std::uint32_t>((size - audio::stereo_head_bytes) / frame_size);
    const auto head = audio::write_stereo_head(frames);
    if (::pwrite(file.number(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) return false;
    const auto to = directory / recording_file_name(name, RecordingState::cut);
    return ::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace gateway
