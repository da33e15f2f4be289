#pragma once
// The cache that all instances share, in Redis: what one has said, the others play. And one request for all: who finds
// nothing claims the clip, and who finds it claimed by another instance waits a while for that one to put it.
//
//   mouthpiece:clip:<SHA-256 of the key>    as a file of the disk cache (clip_file.hpp), checked as such
//   mouthpiece:claim:<the same>             the instance that makes it; expires by itself

#include "gateway/clip_file.hpp"
#include "gateway/loop_timers.hpp"
#include "gateway/shared_store.hpp"
#include "speech/clip_store.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

namespace gateway {

// Of all loops.
struct SharedClipCounts {
    std::atomic<std::uint64_t> hits{0}, misses{0}, stored{0}, damaged{0}, not_stored{0};
    std::atomic<std::uint64_t> awaited{0};  // hits that another instance was making when they were asked for
};

class SharedClips final : public speech::ClipStore {
public:
    using Millis = std::chrono::milliseconds;
    struct Options {
        Millis answer_max{20};          // for one question to Redis, of which a lookup has at most two before it waits
        Millis wait_max{700};           // for another instance; ElevenLabs itself takes about as long
        Millis look_again{20};          // while it waits
        std::chrono::seconds claim{3};  // then whoever asks next makes it
        std::chrono::seconds life{7 * 86'400};    // of a clip that is not asked for
        std::size_t clip_bytes_max = 512u << 10;  // about a minute; what is longer is not shared
    };
    SharedClips(net::EventLoop& loop, SharedStore& store, std::string instance, SharedClipCounts& counts)
        : SharedClips(loop, store, std::move(instance), counts, Options{}) {}
    SharedClips(net::EventLoop& loop, SharedStore& store, std::string instance, SharedClipCounts& counts,
                Options options);

    std::unique_ptr<Lookup> find(const speech::ClipKey& key, Found found) override;
    void put(const speech::ClipKey& key, audio::Clip clip) override;
    void forgo(const speech::ClipKey& key) override;
    void purge() override;

private:
    class Search;
    void release(const std::string& claim);
    void purge_from(const std::string& cursor);

    LoopTimers timers_;
    SharedStore& store_;
    const std::string instance_;
    SharedClipCounts& counts_;
    const Options options_;
    std::unordered_set<std::string> claims_;  // ours, of clips that are being made
    SharedStore::Command purging_;
};

}  // namespace gateway
