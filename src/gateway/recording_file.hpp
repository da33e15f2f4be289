#pragma once
// One recording while it is written: a WAV file that is whole at every moment, as far as it goes. It gets the name
// under which it is listed when it is finished; until then its writer holds a lock on it, which a crash lets go.
// Everything here blocks on the disk.

#include "gateway/descriptor.hpp"
#include "gateway/recording_name.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace gateway {

class RecordingFile {
public:
    // In a directory of ours. The error is a phrase of the system's.
    static std::expected<RecordingFile, std::string> create(const std::filesystem::path& directory, WallTime began,
                                                            std::string_view call_sid);

    // `first_frame` is where the samples belong; what lies between them and those before is silence.
    std::expected<void, std::string> append(std::uint64_t first_frame, std::span<const std::byte> mulaw_stereo);
    std::expected<void, std::string> finish(RecordingState as);

    const std::string& name() const { return name_; }
    std::uint64_t bytes() const;
    std::uint64_t frames() const { return frames_; }

private:
    RecordingFile(std::filesystem::path directory, std::string name, Descriptor file)
        : directory_(std::move(directory)), name_(std::move(name)), file_(std::move(file)) {}
    std::expected<void, std::string> fill_with_silence(std::uint64_t up_to_frame);
    std::expected<void, std::string> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    std::expected<void, std::string> write_head();

    std::filesystem::path directory_;
    std::string name_;
    Descriptor file_;
    std::uint64_t frames_ = 0;
};

// What a crash left behind gets a head that fits its length, and a name that says what it is. False: it is being
// written, by this program or another.
bool mend_recording(const std::filesystem::path& directory, std::string_view name);

}  // namespace gateway
