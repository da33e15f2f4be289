#pragma once
// Where finished audio is kept, and under which name.

#include "audio/clip.hpp"
#include "redacted.hpp"
#include "speech/speech_source.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace speech {

// Everything the sound depends on (the format is always mu-law 8 kHz). The neighbouring text is left out on purpose: it
// colours a sentence slightly, but with it "Hello." before a name would never be found again.
struct ClipKey {
    std::string provider{};  // whose voice: ids of different providers do not meet
    Secret text{};
    Voice voice{};

    // One byte string for one key, with lengths before the parts so that no two keys share it. Stable between versions:
    // names on disk are derived from it. Contains the text, so it is a secret.
    Secret canonical() const;

    friend bool operator==(const ClipKey&, const ClipKey&) = default;
};

// A slower store behind the memory, used by one loop. Nothing here blocks: reading and writing are done elsewhere.
class ClipStore {
public:
    // Destroying it drops the answer.
    class Lookup {
    public:
        virtual ~Lookup() = default;
    };
    using Found = std::function<void(std::optional<audio::Clip>)>;

    virtual ~ClipStore() = default;
    // Answers once, on the caller's thread, never from inside find(). The answer may destroy the Lookup.
    virtual std::unique_ptr<Lookup> find(const ClipKey& key, Found found) = 0;
    virtual void put(const ClipKey& key, audio::Clip clip) = 0;  // best effort, soon
    // Instead of put(): what find() did not have has not been made after all.
    virtual void forgo(const ClipKey&) {}
    virtual void purge() = 0;
};

}  // namespace speech
