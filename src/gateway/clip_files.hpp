#pragma once
// The disk behind the memory cache. Files are read and written by two threads of its own, so that no loop waits for a
// disk and no caller's lookup waits behind a write. Everything is best effort: a full queue, a full or a slow disk
// means that the clip is spoken anew.

#include "gateway/clip_directory.hpp"
#include "gateway/disk_line.hpp"
#include "gateway/loop_mailbox.hpp"
#include "gateway/loop_timers.hpp"
#include "speech/clip_store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gateway {

// One per process, shared by all loops.
class ClipFiles {
public:
    struct Options {
        ClipDirectory::Options directory{};
        std::size_t lookups_max = 4'096;          // waiting; one more is a miss
        std::size_t store_bytes_max = 64u << 20;  // audio waiting to be written; more is not stored
    };
    struct Figures {
        ClipDirectory::Figures directory;
        std::uint64_t passed_over = 0;  // lookups and stores for which there was no room in the queue
    };

    // An unusable directory is no reason not to start: it is logged, and every lookup misses.
    explicit ClipFiles(Options options);
    ~ClipFiles();  // after what waits to be written is

    void purge();   // from any thread; in line with what is to be written before and after it
    void settle();  // waits until everything asked for so far is done; for whoever ends the program
    Figures figures() const;

private:
    friend class ClipFilesDoor;

    void find(const ClipDigest& key, const std::function<void(std::optional<audio::Clip>)>& found);
    void put(const ClipDigest& key, audio::Clip clip);
    void report(const std::expected<void, std::string>& written);

    const Options options_;
    ClipDirectory directory_;
    std::atomic<std::size_t> store_bytes_{0};
    std::atomic<std::uint64_t> passed_over_{0};
    bool writing_fails_ = false;  // the writer's
    DiskLine lookups_, stores_;   // last: their threads use the rest
};

// One loop's way to it. To be destroyed on the loop's thread, before the loop and the ClipFiles; Lookups may outlive
// it.
class ClipFilesDoor final : public speech::ClipStore {
public:
    struct Options {
        // A disk that takes longer answers "not found": the provider is asked instead, which takes as long.
        std::chrono::milliseconds lookup_max{150};
    };
    ClipFilesDoor(net::EventLoop& loop, ClipFiles& files) : ClipFilesDoor(loop, files, Options{}) {}
    ClipFilesDoor(net::EventLoop& loop, ClipFiles& files, Options options);
    ~ClipFilesDoor() override;

    std::unique_ptr<Lookup> find(const speech::ClipKey& key, Found found) override;
    void put(const speech::ClipKey& key, audio::Clip clip) override;
    void purge() override;

private:
    class Waiting;

    LoopTimers timers_;
    ClipFiles& files_;
    const Options options_;
    std::shared_ptr<LoopMailbox> mailbox_;
};

}  // namespace gateway
