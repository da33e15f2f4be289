#include "speech/near_and_far.hpp"

#include <optional>

namespace speech {

class NearAndFarStore::Search final : public Lookup {
public:
    Search(NearAndFarStore& stores, ClipKey key, Found found)
        : stores_(stores), key_(std::move(key)), found_(std::move(found)) {
        lookup_ = stores_.near_.find(
            key_, [this](std::optional<audio::Clip> clip) { clip ? answer(std::move(clip)) : ask_far(); });
    }

private:
    void ask_far() {
        lookup_ = stores_.far_.find(key_, [this](std::optional<audio::Clip> clip) {
            if (clip) stores_.near_.put(key_, *clip);
            answer(std::move(clip));
        });
    }
    void answer(std::optional<audio::Clip> clip) {
        const Found found = std::move(found_);
        found(std::move(clip));  // may end this
    }

    NearAndFarStore& stores_;
    const ClipKey key_;
    Found found_;
    std::unique_ptr<Lookup> lookup_;
};

std::unique_ptr<ClipStore::Lookup> NearAndFarStore::find(const ClipKey& key, Found found) {
    return std::make_unique<Search>(*this, key, std::move(found));
}

}  // namespace speech
