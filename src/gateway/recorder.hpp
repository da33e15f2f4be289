#pragma once
// Writes recordings to disk on a thread of its own, and reads them on another: a loop only hands on. What waits to be
// written is bounded; what the disk does not take in time, or at all, is left out of the recording and counted. A call
// never waits for its recording and never ends with it.

#include "call/recorded_tracks.hpp"
#include "gateway/disk_line.hpp"
#include "gateway/recording_directory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gateway {

class Recorder {
public:
    struct Options {
        RecordingDirectory::Options directory{};
        std::size_t waiting_bytes_max = 64u << 20;
        std::size_t questions_max = 256;  // of clients, waiting
    };
    struct Figures {
        RecordingDirectory::Figures directory;
        std::uint64_t active = 0, whole = 0, cut = 0, failed = 0;  // failed: there is no file of it
        std::uint64_t frames_dropped_in_queue = 0, frames_dropped_by_disk = 0, frames_misplaced = 0;
    };

    // Throws a sentence when the directory cannot be used.
    explicit Recorder(Options options);
    ~Recorder();  // after what waits to be written is

    // One call's recording. To be used on one thread; letting go of it before finish() leaves it cut.
    class Tape {
    public:
        ~Tape();
        void write(call::RecordedBlock block);
        void finish(std::uint64_t frames_misplaced);

    private:
        friend class Recorder;
        struct Reel;
        Tape(Recorder& recorder, std::shared_ptr<Reel> reel) : recorder_(recorder), reel_(std::move(reel)) {}
        void end(RecordingState as);

        Recorder& recorder_;
        std::shared_ptr<Reel> reel_;
    };
    std::unique_ptr<Tape> begin(const std::string& call_sid);

    // For clients: `ask` gets the directory, on the reader's thread. False when too many are waiting.
    bool ask(std::function<void(RecordingDirectory&)> question);
    void sweep();  // removes what is too old
    void settle();
    Figures figures() const;
    const RecordingDirectory::Options& kept() const { return directory_.options(); }

private:
    using Counter = std::atomic<std::uint64_t>;
    using Reel = Tape::Reel;
    void open(Reel& reel);
    void append(Reel& reel, const call::RecordedBlock& block);
    void close(Reel& reel, RecordingState as);
    void break_off(Reel& reel, std::string_view reason);
    static void drop(Reel& reel, const call::RecordedBlock& block, Counter& why);

    const Options options_;
    RecordingDirectory directory_;
    std::atomic<std::size_t> waiting_bytes_{0};
    Counter active_{0}, whole_{0}, cut_{0}, failed_{0}, dropped_in_queue_{0}, dropped_by_disk_{0}, misplaced_{0};
    DiskLine writes_, questions_;  // last: their threads use the rest
};

}  // namespace gateway
