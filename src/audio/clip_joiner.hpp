#pragma once
// Joins pieces of audio that are too small to be worth a clip each, as they come from a server that sends byte by byte.
// The first piece goes at once; later ones wait until there are 20 ms of audio.

#include "audio/clip.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace audio {

class ClipJoiner {
public:
    // What may go now; may be empty.
    Clip add(std::span<const std::byte> mulaw);
    // What still waits; nothing follows.
    Clip rest();

private:
    std::vector<std::byte> waiting_;
    bool begun_ = false;
};

}  // namespace audio
