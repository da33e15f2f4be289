#include "speech/clip_memory.hpp"

#include <iterator>
#include <utility>

namespace speech {

std::optional<audio::Clip> ClipMemory::find(const ClipKey& key) {
    const std::string name = key.canonical().reveal();
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(name);
    if (found == index_.end()) {
        ++figures_.misses;
        return std::nullopt;
    }
    ++figures_.hits;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->clip;
}

bool ClipMemory::has(const ClipKey& key) const {
    const std::string name = key.canonical().reveal();
    const std::lock_guard lock(mutex_);
    return index_.contains(name);
}

bool ClipMemory::keep(const Secret& name) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(name.reveal());
    if (found == index_.end()) return false;
    entries_.splice(entries_.begin(), entries_, found->second);
    return true;
}

void ClipMemory::put(const ClipKey& key, audio::Clip clip) {
    if (clip.empty() || clip.size() > options_.clip_bytes_max) return;
    std::string name = key.canonical().reveal();
    const std::lock_guard lock(mutex_);
    if (const auto known = index_.find(name); known != index_.end()) drop(known->second);
    entries_.push_front({name, std::move(clip)});
    index_.emplace(std::move(name), entries_.begin());
    figures_.bytes += cost_of(entries_.front());
    ++figures_.stored;
    while (figures_.bytes > options_.bytes_max) {
        drop(std::prev(entries_.end()));
        ++figures_.evicted;
    }
}

void ClipMemory::drop(Entries::iterator entry) {
    figures_.bytes -= cost_of(*entry);
    index_.erase(entry->key);
    entries_.erase(entry);
}

void ClipMemory::purge() {
    const std::lock_guard lock(mutex_);
    index_.clear();
    entries_.clear();
    figures_.bytes = 0;
}

ClipMemory::Figures ClipMemory::figures() const {
    const std::lock_guard lock(mutex_);
    Figures figures = figures_;
    figures.clips = entries_.size();
    return figures;
}

}  // namespace speech
