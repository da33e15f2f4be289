#pragma once
// Where recordings lie: bounded in bytes, the oldest go first, and in age. Names that are not ours are left alone, and
// so is what is being written, by this program or another that shares the directory. Everything here blocks on the
// disk; all may be called from any thread.

#include "gateway/descriptor.hpp"
#include "gateway/recording_file.hpp"
#include "gateway/recording_name.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct Recording {
    std::string name, call_sid;  // call_sid: empty when it is not known
    WallTime began{};
    std::chrono::milliseconds length{};
    std::uint64_t bytes = 0;
    RecordingState state = RecordingState::whole;
};

class RecordingDirectory {
public:
    struct Options {
        std::filesystem::path path{};
        std::uint64_t bytes_max = std::uint64_t{4'096} << 20;
        std::chrono::days keep_for{30};  // 0: until somebody removes them
    };
    struct Figures {
        std::uint64_t bytes = 0, files = 0;  // there now, as far as this process knows
        std::uint64_t removed_for_room = 0, removed_by_age = 0, removed_by_request = 0;
    };

    explicit RecordingDirectory(Options options) : options_(std::move(options)) {}

    // Makes the directory (mode 0700) if there is none and mends what a crash left behind. The error is a phrase.
    std::expected<void, std::string> open();

    std::vector<Recording> list() const;  // the newest first
    struct Opened {
        Recording recording;
        Descriptor file;
    };
    std::optional<Opened> open_to_read(std::string_view name) const;
    enum class Removal { removed, unknown, being_written };
    Removal remove(std::string_view name);

    std::expected<RecordingFile, std::string> create(WallTime began, std::string_view call_sid);
    // Before so much is written; false when it is more than there may be, and nothing is left to go.
    bool make_room(std::uint64_t bytes);
    void note_written(std::uint64_t bytes) { bytes_ += static_cast<std::int64_t>(bytes); }
    void sweep(WallTime now);  // removes what is too old, and counts what is there

    Figures figures() const;
    const Options& options() const { return options_; }

private:
    std::filesystem::path path_of(std::string_view name, RecordingState state) const;
    std::optional<RecordingState> state_of(std::string_view name) const;
    bool drop(const Recording& recording);
    void mend() const;

    using Counter = std::atomic<std::uint64_t>;
    const Options options_;
    std::atomic<std::int64_t> bytes_{0}, files_{0};  // others may add and remove: corrected by every sweep
    Counter for_room_{0}, by_age_{0}, by_request_{0};
};

}  // namespace gateway
