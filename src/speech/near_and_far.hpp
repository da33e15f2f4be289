#pragma once
// Two stores as one: the near one is asked first, and what only the far one has is put into the near one as well.

#include "speech/clip_store.hpp"

#include <memory>
#include <utility>

namespace speech {

class NearAndFarStore final : public ClipStore {
public:
    // Both must outlive this and its Lookups.
    NearAndFarStore(ClipStore& near, ClipStore& far) : near_(near), far_(far) {}

    std::unique_ptr<Lookup> find(const ClipKey& key, Found found) override;
    void put(const ClipKey& key, audio::Clip clip) override {
        near_.put(key, clip);
        far_.put(key, std::move(clip));
    }
    void forgo(const ClipKey& key) override {
        near_.forgo(key);
        far_.forgo(key);
    }
    void purge() override {
        near_.purge();
        far_.purge();
    }

private:
    class Search;

    ClipStore& near_;
    ClipStore& far_;
};

}  // namespace speech
