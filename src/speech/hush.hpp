#pragma once
// Notices silence where speech should be: a provider may answer with audio in which nobody speaks.

#include <cstddef>
#include <span>

namespace speech {

class Hush {
public:
    explicit Hush(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // False when a silence has become longer than `bytes_max`.
    [[nodiscard]] bool hear(std::span<const std::byte> mulaw);

    bool voice_heard() const { return voice_heard_; }
    std::size_t silent_bytes() const { return silent_bytes_; }  // at the end of what was heard

private:
    std::size_t bytes_max_;
    std::size_t silent_bytes_ = 0;
    bool voice_heard_ = false;
};

}  // namespace speech
