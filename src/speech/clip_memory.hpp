#pragma once
// Clips by key, in memory, the least recently used dropped first. Shared by all loops, as only RequestSlots is besides:
// clips never change and are reference-counted, and a mutex guards the index, taken once or twice a request and never
// for a chunk of audio.

#include "speech/clip_store.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace speech {

class ClipMemory {
public:
    struct Options {
        std::size_t bytes_max = 256 * 1024 * 1024;
        std::size_t clip_bytes_max = 2 * 1024 * 1024;  // about four minutes; longer ones are not kept
    };
    struct Figures {
        std::uint64_t hits = 0, misses = 0, stored = 0, evicted = 0;
        std::size_t bytes = 0, clips = 0;
    };

    explicit ClipMemory(Options options) : options_(options) {}

    std::optional<audio::Clip> find(const ClipKey& key);
    bool has(const ClipKey& key) const;  // without counting as a use
    bool keep(const Secret& name);       // the key's canonical(); likewise, but others are then evicted before it
    void put(const ClipKey& key, audio::Clip clip);
    void purge();
    Figures figures() const;
    const Options& options() const { return options_; }

private:
    struct Entry {
        std::string key;
        audio::Clip clip;
    };
    using Entries = std::list<Entry>;  // most recently used first

    static std::size_t cost_of(const Entry& entry) { return entry.clip.size() + 2 * entry.key.size(); }
    void drop(Entries::iterator entry);

    const Options options_;
    mutable std::mutex mutex_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> index_;
    Figures figures_;
};

}  // namespace speech
